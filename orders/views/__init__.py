"""Pages for shoppers, by signed links."""
