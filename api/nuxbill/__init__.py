"""The PHPNuxBill dialect: `system/api.php?r=…` as existing clients know it, on the shared core."""
