"""What watches a cluster's images, judged without a cluster: Falco's rules, Prometheus' alerts, network policies."""
