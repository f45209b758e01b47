"""Writes the golden files and the published schema anew; review the difference before committing it."""

from tests.topology.golden import wanted

for path, text in wanted():
    path.write_text(text)
