"""Old addresses of public names; knows nothing but where they live now."""
