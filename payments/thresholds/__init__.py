"""How low a prepaid balance may sink before its customer is told."""
