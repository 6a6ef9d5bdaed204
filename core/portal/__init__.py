"""What the portal shows: pages, dashboard widgets, the customers' inbox."""
