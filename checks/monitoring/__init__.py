"""What watches images: runtime detection, its rules, alerts, and network policies."""
