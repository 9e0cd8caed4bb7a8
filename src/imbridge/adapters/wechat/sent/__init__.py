"""What leaves an Official Account: cards as menus, links and articles, and media."""
