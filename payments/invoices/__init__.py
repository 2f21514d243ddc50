"""Electronic invoices (数电票): asked for by customers, issued by a platform, taken back in red."""
