"""The only place that speaks Docker: the connection, images, networks, containers, and what removes them again."""
