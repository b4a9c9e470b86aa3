"""What goes on beside the requests: following the log, counting, things left for later."""
