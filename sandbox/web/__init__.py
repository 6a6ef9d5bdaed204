"""What the stand-ins with a page in the browser have in common: live news, a journal, protected pages, their look."""
