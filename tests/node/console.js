// Uses the console as an operator does, in Chromium.
// Arguments: its address, and a directory for screenshots. Prints one line for each step that has passed.

const fs = require("node:fs");
const assert = require("node:assert");
const { chromium } = require("playwright-core");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const [base, screens] = process.argv.slice(2);

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: QUIET });
  try {
    const page = await opened(browser, { viewport: { width: 1280, height: 800 } });
    for (const step of [followed, retried, paused, resumed, replayed, byKeyboard, counted]) {
      await step(page);
      console.log(step.name);
    }
    assert.deepStrictEqual(page.problems, []);
    await withoutScripts(browser);
    await looks(browser);
  } finally {
    await browser.close();
  }
}

async function opened(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  page.setDefaultTimeout(30_000);
  return page;
}

async function submitted(id, prompt, operation = "videos/text2video") {
  const job = { id, operation, request: { prompt: `${prompt} [job:${id}]` } };
  const answer = await fetch(`${base}/api/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(job),
  });
  assert.strictEqual(answer.status, 202, await answer.text());
}

const row = (page, id) => page.locator("tr", { has: page.getByRole("link", { name: `default/${id}`, exact: true }) });

// The list shows the job without being loaded again, until it has ended; its result plays.
async function followed(page) {
  await page.goto(`${base}/console/jobs`);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.evaluate(() => { window.sameDocument = true; });
  await submitted("good", "A cat on a beach");
  await row(page, "good").getByText("succeeded").waitFor();
  assert.strictEqual(await page.evaluate(() => window.sameDocument), true);
  await page.getByRole("link", { name: "default/good" }).click();
  await page.getByRole("heading", { name: "Results" }).waitFor();
  await page.waitForFunction(() => document.querySelector("video").readyState >= 2);
  const seconds = await page.evaluate(async () => {
    const video = document.querySelector("video");
    video.muted = true;
    await video.play();
    return video.duration;
  });
  assert.ok(seconds > 1, `${seconds}`);
}

async function retried(page) {
  await submitted("bad", "It fails once", "images/generations");
  await page.goto(`${base}/console/jobs?state=failed`);
  await row(page, "bad").getByText("moderation").waitFor();
  await page.getByRole("link", { name: "default/bad" }).click();
  await page.getByText("Retry", { exact: true }).click();
  await page.getByText("charges for again").waitFor();
  await page.getByRole("button", { name: "Yes, retry it" }).click();
  await page.locator(".lead").getByText("succeeded").waitFor();
  await page.locator("img").waitFor();
  assert.match(await page.locator("dl").innerText(), /Round\s+2/);
}

// Of jobs that wait behind a pause, the selected ones are cancelled once that is confirmed.
async function paused(page) {
  await page.goto(`${base}/console/pauses`);
  await page.getByLabel("What").selectOption("tenant");
  await page.getByLabel("Name, unless").fill("default");
  await page.getByLabel("Reason").fill("a night of tests");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("cell", { name: "a night of tests" }).waitFor();
  await holds();
  for (const id of ["c1", "c2", "c3"]) await submitted(id, "It waits");
  await page.goto(`${base}/console/jobs?state=waiting`);
  for (const id of ["c1", "c2", "c3"]) await row(page, id).getByText("waiting").waitFor();
  for (const id of ["c1", "c2"]) await row(page, id).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Cancel selected" }).click();
  await page.getByRole("button", { name: "Yes, cancel 2" }).click();
  await page.getByText("2 cancelled").waitFor();
}

// A worker knows of a pause within a second: until then, jobs are sent.
async function holds() {
  for (let n = 0; n < 100; n++) {
    await submitted(`w${n}`, "It shows whether the pause holds");
    let state;
    do {
      state = (await (await fetch(`${base}/api/v1/jobs/w${n}`)).json()).state;
    } while (state === "queued");
    if (state === "waiting") return;
  }
  assert.fail("the pause does not hold");
}

async function resumed(page) {
  await page.goto(`${base}/console/pauses`);
  await page.getByRole("button", { name: "Resume tenant default of account default" }).click();
  await page.getByText("Nothing is paused by hand.").waitFor();
  await page.goto(`${base}/console/jobs`);
  await row(page, "c3").getByText("succeeded").waitFor();
  for (const id of ["c1", "c2"]) await row(page, id).getByText("cancelled").waitFor();
}

async function replayed(page) {
  await page.goto(`${base}/console/dead`);
  await page.getByText("1 in the queue").waitFor();
  await page.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Replay selected" }).click();
  await page.getByText("publish: 1").waitFor();
  await page.getByRole("button", { name: "Yes, replay 1" }).click();
  await page.getByText("1 replayed").waitFor();
  await page.goto(`${base}/console/dead`);
  await page.getByText("in the queue").waitFor();
}

// Finds a job, and comes back to the list, with keys alone.
async function byKeyboard(page) {
  await page.goto(`${base}/console/jobs`);
  await page.keyboard.press("Tab");
  assert.strictEqual(await focused(page), "Skip to content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.type("good");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "default/good" }).waitFor();
  for (let at = 0; at < 30 && (await focused(page)) !== "On the command line"; at++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("reelwork why --tenant default -- good").waitFor();
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.strictEqual(ring, "solid", "what has the focus is seen");
}

const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());

async function withoutScripts(browser) {
  const page = await opened(browser, { javaScriptEnabled: false });
  await page.goto(`${base}/console/jobs`);
  await page.getByLabel("Find a job").fill("good");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("heading", { name: "default/good" }).waitFor();
  console.log(withoutScripts.name);
}

// Of what has ended, the overview has the numbers.
async function counted(page) {
  await page.goto(`${base}/console`);
  const tile = page.locator(".tile", { hasText: "Done in the last hour" });
  assert.match(await tile.innerText(), /[1-9]\d*\s+1 failed/);
  await page.getByText("As a table").click();
  await page.getByRole("columnheader", { name: "Succeeded" }).waitFor();
}

// Every page, wide and narrow, light and dark: nothing that axe calls serious, and no sideways scrolling.
async function looks(browser) {
  const paths = ["", "/jobs?state=succeeded", "/job?tenant=default&id=good", "/dead", "/doubt", "/pauses", "/costs", "/configuration"];
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390, 320]) {
      const page = await opened(browser, { viewport: { width, height: 800 }, colorScheme });
      for (const path of paths) {
        await page.goto(`${base}/console${path}`);
        const name = path.replace(/\?.*/, "").replace("/", "") || "overview";
        if (width > 320) await page.screenshot({ path: `${screens}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(sideways <= 0, `${path} is ${sideways} px too wide at ${width} px`);
        await page.evaluate(AXE);
        const { violations } = await page.evaluate(() => axe.run());
        const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
        const told = serious.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
        assert.deepStrictEqual(told, [], `${path} at ${width} px, ${colorScheme}`);
      }
      assert.deepStrictEqual(page.problems, []);
      await page.context().close();
    }
  }
  console.log(looks.name);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
