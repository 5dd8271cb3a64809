"""Names of columns that hold one option of a variant each, and the names of these options."""

from catalog.language.text import words

_ENGLISH = {
    "color": "Color", "colour": "Color", "size": "Size", "material": "Material", "pattern": "Pattern",
    "flavor": "Flavor", "flavour": "Flavor", "scent": "Scent", "variation": "Variation", "variant": "Variation",
    "variation name": "Variation", "variant name": "Variation", "variant title": "Variation",
}  # fmt: skip
_OTHERS = (
    "צבע", "מידה", "גודל", "טעם", "ריח", "וריאציה", "וריאנט", "farbe", "größe", "groesse", "variante", "couleur",
    "taille", "talla", "tamaño", "sabor", "colore", "taglia", "cor", "tamanho", "kolor", "rozmiar", "цвет", "размер",
    "колір", "розмір", "kleur", "maat", "färg", "storlek", "farve", "størrelse", "väri", "koko", "barva", "velikost",
    "szín", "méret", "culoare", "mărime", "renk", "beden", "χρώμα", "μέγεθος", "اللون", "المقاس", "顏色",
    "颜色", "尺寸", "サイズ", "カラー", "색상", "사이즈",
)  # fmt: skip
# By the spelling of the column.
OPTIONS = {"".join(words(name)): label for name, label in [*_ENGLISH.items(), *((n, n.capitalize()) for n in _OTHERS)]}
