"""Deployments: started, proved ready, found again, taken down. Knows no command and no test."""
