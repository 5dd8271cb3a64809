"""A large made-up catalogue and queries for it, the same in every run."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

_THINGS = {
    "Grains · דגנים": "rice quinoa bulgur couscous oats millet barley spelt אורז קינואה בורגול קוסקוס דוחן כוסמת",
    "Pasta · פסטה": "spaghetti penne fusilli lasagna noodles gnocchi פסטה ספגטי פתיתים אטריות",
    "Dairy · חלב": "milk cheese yogurt butter cream cottage חלב גבינה יוגורט חמאה שמנת",
    "Bakery · מאפים": "bread rolls bagels crackers cookies cake לחם פיתות עוגיות עוגה קרקרים",
    "Sweets · ממתקים": "chocolate honey jam halva candy שוקולד דבש ריבה חלבה",
    "Drinks · משקאות": "tea coffee juice water cola wine תה קפה מיץ מים יין",
    "Shirts": "shirt t-shirt polo blouse tunic חולצה",
    "Trousers": "jeans trousers shorts leggings מכנסיים",
    "Shoes": "sneakers boots sandals slippers loafers נעליים סנדלים",
    "Outerwear": "jacket coat raincoat vest hoodie מעיל",
    "Kitchen": "mug kettle pan pot knife bowl plate ladle grater ספל סיר מחבת",
    "Bathroom": "towel soap shampoo sponge brush mirror סבון שמפו מגבת",
    "Garden": "hose rake spade planter bench lantern seeds עציץ",
    "Toys": "puzzle blocks doll train kite marbles בובה פאזל",
    "Tools": "hammer drill wrench screwdriver saw pliers פטיש מברגה",
    "Lighting": "lamp bulb candle lampshade torch מנורה נר",
}
_LOOKS = [
    "red", "blue", "green", "black", "white", "yellow", "brown", "pink", "organic", "wild", "fresh", "large",
    "small", "classic", "soft", "roasted", "smoked", "striped", "plain", "woven", "handmade", "vintage", "light",
    "heavy", "double", "slim", "mini", "travel", "family", "natural", "אדום", "כחול", "לבן", "שחור", "אורגני",
    "טרי", "גדול", "קטן", "קלוי",
]  # fmt: skip
_STUFF = [
    "cotton", "linen", "wool", "oak", "steel", "ceramic", "glass", "bamboo", "leather", "copper", "silk", "clay",
    "עץ", "כותנה", "זכוכית",
]  # fmt: skip
_AMOUNTS = ["250 g", "500 g", '1 ק"ג', "750 ml", "1 l", "2 kg", "500 גרם", "", "", "", "", "", "", "", "", ""]
_SYLLABLES = [
    "ba", "be", "do", "fa", "ga", "hi", "ka", "ko", "la", "lo", "ma", "mi", "na", "no", "pa", "ra", "re", "sa",
    "so", "ta", "ti", "va", "vo", "za", "dar", "mel", "nor", "pel", "run", "sil", "tan", "vik",
]  # fmt: skip
SKU = "P{:06d}"


def products(count: int) -> Iterator[dict[str, Any]]:
    """Yield the fields of products in sixteen categories and thousands of brands; a fifth of them are variants."""
    chance = Random(4)
    brands = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))).title() for _ in range(4000)]
    kinds = [(category, thing) for category, things in _THINGS.items() for thing in things.split()]
    model = 0
    for number in range(count):
        # Variants come in fives: sizes of one product.
        variant = number % 25 if number % 25 < 5 else 0
        if not variant:
            category, thing = chance.choice(kinds)
            looks, stuff = chance.sample(_LOOKS, 2), chance.choice(_STUFF)
            brand, amount = chance.choice(brands), chance.choice(_AMOUNTS)
            line = "".join(chance.choices(_SYLLABLES, k=3)).title()
            model += 1
        grouped = number % 25 < 5
        size = "SMLX"[variant % 4] if variant < 4 else "XL"
        yield {
            "sku": SKU.format(number),
            "name": f"{line} {looks[0]} {looks[1]} {thing} {amount}".strip() + (f", {size}" if grouped else ""),
            "category": category,
            "brand": brand,
            "price": f"{chance.randint(300, 90_000) / 100:.2f}",
            "stock": chance.choice([None, 0, 3, 12, 40, 100]),
            "description": (
                f"{thing} made of {stuff}, {looks[0]} and {looks[1]}. By {brand} since {1900 + number % 120}. "
                f"{' '.join(chance.choices(_LOOKS, k=6))} {' '.join(chance.choices(_STUFF, k=3))} {line.lower()}{model}"
            ),
            "group_id": f"m{model}" if grouped else "",
            "options": {"Size": size} if grouped else {},
        }


def queries(count: int, of: int) -> list[str]:
    """Return queries for a catalogue of that size: plain, precise, broad, misspelt, bilingual and fruitless."""
    chance = Random(7)
    goods = [product for product in products(min(of, 5000)) if not product["group_id"]]
    things = [thing for things in _THINGS.values() for thing in things.split()]

    def misspelt(word: str) -> str:
        place = chance.randrange(1, len(word) - 1)
        return word[:place] + word[place + 1 :]

    makers: list[tuple[int, Callable[[], str]]] = [
        (30, lambda: f"{chance.choice(_LOOKS)} {chance.choice(things)}"),
        (20, lambda: f"{chance.choice(_LOOKS)} {chance.choice(things)} {chance.choice(_STUFF)}"),
        (10, lambda: " ".join(chance.choice(goods)["name"].split()[:3])),
        (10, lambda: chance.choice(goods)["brand"] + " " + chance.choice(things)),
        (8, lambda: chance.choice(things)),
        (6, lambda: SKU.format(chance.randrange(of))),
        (6, lambda: f"{misspelt(chance.choice([t for t in things if len(t) > 5]))} {chance.choice(_LOOKS)}"),
        (4, lambda: f"{chance.choice(things)} {chance.choice(['500g', '1 kg', 'חצי קילו', '750 ml'])}"),
        (2, lambda: "organic"),
        (4, lambda: "".join(chance.choices("qxzwjk", k=8))),
    ]
    weights = [weight for weight, _ in makers]
    return [maker() for _, maker in chance.choices(makers, weights, k=count)]
