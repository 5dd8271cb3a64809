"""What tools tell of a product on the shelf."""

COLA = {
    "product_id": "grocer:A4",
    "name": "Coca-Cola 1.5 l",
    "price": {"amount": "8.00", "formatted": "₪8.00"},
    "category": "Drinks",
    "url": "https://shop.example.com/p/cola-i77",
    "in_stock": True,
}
