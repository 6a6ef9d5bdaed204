"""Chat channels: what comes in becomes an `Incoming`, what is answered becomes the channel's own form."""
