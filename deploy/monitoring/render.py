"""Draws dashboard.json without Grafana: every query over a range, as one page of HTML.

usage: render.py PROMETHEUS_URL OUT.html [MINUTES]

Ends with 1 when a query is refused; prints the panels for which there is no data.
"""

import html
import json
import pathlib
import sys
import time
import urllib.parse
import urllib.request

COLOURS = ["#3274d9", "#37872d", "#e0b400", "#c4162a", "#8f3bb8", "#fa6400", "#56a64b", "#5794f2"]
WIDTH, HEIGHT, LEFT, BOTTOM = 460, 180, 56, 20
POINTS = 120


def ask(base, query, start, end, step):
    fields = {"query": query, "start": start, "end": end, "step": step}
    url = f"{base}/api/v1/query_range?{urllib.parse.urlencode(fields)}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        raise ValueError(json.load(error).get("error", str(error))) from None


def substituted(expr):
    for name, value in [("$__rate_interval", "1m"), ("$instance", ".*"), ("$operation", ".*")]:
        expr = expr.replace(name, value)
    return expr


def legend(target, metric):
    text = target.get("legendFormat", "")
    for name, value in metric.items():
        text = text.replace("{{%s}}" % name, value)
    return text or ",".join(metric.values())


def number(value, unit):
    if unit == "percentunit":
        return f"{value * 100:.1f} %"
    if unit == "bytes":
        return f"{value / 1048576:.0f} MiB"
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return text + {"s": " s", "ops": "/s"}.get(unit, "")


def series(panel, base, start, end, step):
    for target in panel["targets"]:
        for found in ask(base, substituted(target["expr"]), start, end, step):
            points = [(float(at), float(value)) for at, value in found["values"]]
            points = [(at, value) for at, value in points if value == value and abs(value) != float("inf")]
            if points:
                yield legend(target, found["metric"]), points


def chart(lines, start, end, unit):
    top = max(value for _, points in lines for _, value in points) * 1.1 or 1
    x = lambda at: LEFT + (at - start) / (end - start) * (WIDTH - LEFT)
    y = lambda value: (HEIGHT - BOTTOM) * (1 - value / top)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    for part in range(4):
        at = y(top * part / 3)
        label = html.escape(number(top * part / 3, unit))
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 4}" y="{max(at, 9):.1f}" text-anchor="end">{label}</text>')
    for moment, anchor in [(start, "start"), (end, "end")]:
        text = time.strftime("%H:%M:%S", time.gmtime(moment))
        parts.append(f'<text x="{x(moment):.0f}" y="{HEIGHT - 4}" text-anchor="{anchor}">{text}</text>')
    for index, (_, points) in enumerate(lines):
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
        colour = COLOURS[index % len(COLOURS)]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>')
    return "".join(parts) + "</svg>"


def drawn(panel, lines, start, end):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    title, said = html.escape(panel["title"]), html.escape(panel["description"])
    if not lines:
        body = "<p>no data</p>"
    elif panel["type"] == "stat":
        body = "".join(f"<p class=stat>{html.escape(number(points[-1][1], unit))}</p>" for _, points in lines)
    else:
        keys = (
            f'<li style="color:{COLOURS[i % len(COLOURS)]}">{html.escape(name)} {number(points[-1][1], unit)}</li>'
            for i, (name, points) in enumerate(lines)
        )
        body = chart(lines, start, end, unit) + f"<ul>{''.join(keys)}</ul>"
    return f"<section><h3>{title}</h3>{body}<small>{said}</small></section>"


STYLE = """body{font:13px sans-serif;margin:1em}h2{clear:both;border-bottom:1px solid #ccc}
section{display:inline-block;vertical-align:top;width:30%;min-width:300px;margin:.5em;padding:.5em;border:1px solid #ddd}
h3{margin:0 0 .3em}ul{margin:.2em 0;padding-left:1.2em;max-height:7em;overflow:auto}text{font-size:10px}
.stat{font-size:32px;margin:.5em 0}small{color:#555}"""


def main():
    base, out = sys.argv[1].rstrip("/"), pathlib.Path(sys.argv[2])
    minutes = float(sys.argv[3]) if len(sys.argv) > 3 else 60
    end = time.time()
    start = end - minutes * 60
    step = max(1, int((end - start) / POINTS))
    dashboard = json.loads(pathlib.Path(__file__).with_name("dashboard.json").read_text())
    page, refused, empty, full = [f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"], 0, [], 0
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            page.append(f"<h2>{html.escape(panel['title'])}</h2>")
            continue
        try:
            lines = list(series(panel, base, start, end, step))
        except ValueError as error:
            print(f"{panel['title']}: {error}")
            refused, lines = refused + 1, []
        full, empty = full + bool(lines), empty + ([] if lines else [panel["title"]])
        page.append(drawn(panel, lines, start, end))
    out.write_text("\n".join(page))
    print(f"{full} panels drawn; no data: {', '.join(empty) or 'none'}")
    sys.exit(1 if refused else 0)


main()
