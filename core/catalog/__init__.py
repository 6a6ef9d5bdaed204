"""What we sell and where: regions, plan categories, plans."""
