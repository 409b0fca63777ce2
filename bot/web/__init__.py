"""What watchers are shown over HTTP: /healthz, /readyz and /metrics. Knows no loop and no store."""
