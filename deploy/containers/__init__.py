"""Runs the image and the compose file, and the pods of the overlays, and judges what they do.

- `engine`: this machine's docker, or `private` ones with `standins` of the images, made by `debian`.
- `stack`: the services of the compose file; `load`: jobs, their receipts and their outcomes.
- `image`, `running`, `confined`, `secrets`, `faults`, `memory`: what is judged, each a step of `steps`.
- `pods`: the overlays for Kubernetes, played by `podman`, and what it cannot do.
- `mistakes`: a few of them; each must turn its step red.

`cargo xtask check containers` prepares the programs on PATH.
"""
