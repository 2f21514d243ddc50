"""Cash: codes to pay by at a counter or a kiosk, drawers and their shifts, receipts."""
