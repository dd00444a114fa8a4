"""Checks what is deployed, without a container engine and without a cluster.

- `compose`, `image`: what runs on one host; `symbols`: a crash of it can be traced back to lines.
- `settings`: every setting named in a manifest or a document is one that the program has.
- `environments`: the program takes what each `workload` of `composed` and `rendered` is given.
- `kubernetes`: every overlay as kustomize renders it; `kinds/` has schemas of the operators' kinds.
- `monitoring`, `metrics`: alerts, their tests, their runbooks and the dashboard; `promql` reads queries.
- `live`: the metrics of a running role, and the dashboard drawn from them.
- `seeds`: known mistakes; `seeded` makes each and expects its step to find it.

A check yields what is wrong, a line each. `cargo xtask check deploy` prepares the programs on PATH.
"""
