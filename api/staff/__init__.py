"""What staff's own programs call: the chats in which a person answers, broadcasts."""
