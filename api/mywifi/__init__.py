"""The MyWifi dialect: 28 endpoints as the mobile apps and the payment pages know them (mywifi contract)."""
