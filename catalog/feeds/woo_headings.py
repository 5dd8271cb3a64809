"""The headings of WooCommerce's export, which are in the language of the site.

They are recognised by the words of many languages, and by the order of the columns, which is always the same. What can
be read in two ways is left out; then the file is refused, and not read half.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from catalog.feeds.names import field_of, spelled

_TYPES = {"simple", "variable", "variation", "grouped", "external", "virtual", "downloadable", "subscription", "bundle",
          "variable-subscription", "subscription_variation", "composite", "booking"}  # fmt: skip
_VISIBILITIES = {"visible", "catalog", "search", "hidden"}
_FLAGS = {"0", "1"}


def _among(*allowed: str) -> Callable[[str], bool]:
    return lambda cell: cell in allowed


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda cell: compiled.fullmatch(cell) is not None


def _any(_cell: str) -> bool:
    return True


def _is_type(cell: str) -> bool:
    parts = {part.strip().lower() for part in cell.split(",")}
    return bool(parts & {"simple", "variable", "variation", "grouped", "external"}) and parts <= _TYPES


_INTEGER = _matching(r"-?\d+")
_NUMBER = _matching(r"-?\d*[.,]?\d+")
_DATE = _matching(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{9,10}")
# The columns in the order of the export: the field, what its cells may be, and its names in languages.
_COLUMNS: tuple[tuple[str, Callable[[str], bool], tuple[str, ...]], ...] = (
    ("id", _INTEGER, ("id", "מזהה", "ид", "identifiant", "المعرف", "kimlik")),
    ("type", _is_type, ("type", "סוג", "typ", "tipo", "тип", "tür", "النوع", "typo")),
    ("sku", _any, ("sku", "מקט", "artikelnummer", "artnr", "ugs", "артикул", "kod", "codice", "stokkodu", "referencia",
                   "katalogovéčíslo", "cikkszám", "varenummer", "rem")),
    ("barcode", _matching(r"[\dxX -]*"), ("gtinupceanorisbn", "gtinupceanאוisbn", "gtinupceanoderisbn",
    "gtinupceanouisbn",
                                           "gtinupceanoisbn", "gtinupceanlubisbn", "gtinupceanилиisbn")),
    ("name", _any, ("name", "שם", "nom", "nombre", "nome", "nazwa", "имя", "название", "naam", "isim", "ad", "název",
    "namn",
                    "navn", "név", "الاسم", "назва", "όνομα", "nume")),
    ("published", _among("1", "0", "-1"), (
        "published", "פורסם", "מפורסם", "veröffentlicht", "publié", "publicado", "pubblicato", "opublikowano",
        "opublikowany", "опубликован", "опубликовано", "gepubliceerd", "yayınlandı", "yayımlanmış", "publikováno",
        "publicerad", "udgivet", "közzétéve", "منشور", "опубліковано", "publicat")),
    ("featured", _among("0", "1"), ("isfeatured", "מומלץ", "hervorgehoben", "isthervorgehoben", "misenavant",
    "destacado",
                                     "inevidenza", "рекомендуемый", "uitgelicht", "wyróżniony")),
    ("visibility", _among(*_VISIBILITIES), (
        "visibilityincatalog", "נראותבקטלוג", "sichtbarkeitimkatalog", "visibilitédanslecatalogue",
        "visibilidadenelcatálogo", "visibilitànelcatalogo", "widocznośćwkatalogu", "видимостьвкаталоге",
        "zichtbaarheidincatalogus", "visibilidadenocatálogo", "visibilidadenocatalogo", "katalogdagörünürlük")),
    ("shortdescription", _any, ("shortdescription", "תיאורקצר", "kurzbeschreibung", "descriptioncourte",
                                "descripcióncorta", "brevedescrizione", "krótkiopis", "краткоеописание",
                                "kortebeschrijving", "descriçãocurta")),
    ("description", _any, ("description", "תיאור", "beschreibung", "descripción", "descrizione", "opis", "описание",
                           "beschrijving", "descrição", "açıklama", "popis")),
    ("sale_begins", _DATE, ("datesalepricestarts", "תאריךתחילתמבצע", "תאריךהתחלתמחירמבצע",
                            "datededébutdepromo", "datumangebotspreisbeginnt",
                            "díaenqueempiezaelpreciorebajado", "datainiziodelprezzoinofferta")),
    ("sale_ends", _DATE, ("datesalepriceends", "תאריךסיוםמבצע", "תאריךסיוםמחירמבצע", "datedefindepromo",
                          "datumangebotspreisendet", "díaenqueterminaelpreciorebajado", "datafinedelprezzoinofferta")),
    ("taxstatus", _among("taxable", "none", "shipping"), ("taxstatus",)),
    ("taxclass", _any, ("taxclass",)),
    ("available", _among("0", "1", "backorder"), (
        "instock", "במלאי", "vorrätig", "auflager", "enstock", "hayexistencias", "disponibile", "instock", "wmagazynie",
        "вналичии", "opvoorraad", "emestoque", "stokta", "existencias")),
    ("stock", _matching(r"-?\d+([.,]\d+)?|parent"), (
        "stock", "מלאי", "lager", "lagerbestand", "bestand", "inventario", "inventory", "magazzino", "stanmagazynowy",
        "запасы", "запас", "voorraad", "estoque", "stok", "sklad")),
    ("lowstock", _INTEGER, ("lowstockamount", "כמותמלאינמוכה", "כמותמלאימועטה")),
    ("backorders", _among("0", "1", "notify"), ("backordersallowed", "לאפשרהזמנותמראש", "הזמנותמהספקמותרות")),
    ("soldindividually", _among("0", "1"), ("soldindividually", "נמכרבנפרד")),
    ("weight", _NUMBER, ("weight", "משקל", "gewicht", "poids", "peso", "waga", "вес", "ağırlık")),
    ("length", _NUMBER, ("length", "אורך", "länge", "longueur", "longitud", "lunghezza", "długość", "длина")),
    ("width", _NUMBER, ("width", "רוחב", "breite", "largeur", "ancho", "anchura", "larghezza", "szerokość", "ширина")),
    ("height", _NUMBER, ("height", "גובה", "höhe", "hauteur", "alto", "altura", "altezza", "wysokość", "высота")),
    ("reviews", _among("0", "1"), ("allowcustomerreviews", "אפשרביקורותלקוחות")),
    ("purchasenote", _any, ("purchasenote", "הערתרכישה")),
    ("sale_price", _NUMBER, (
        "saleprice", "מחירמבצע", "angebotspreis", "tarifpromo", "prixpromo", "preciorebajado", "preciodeoferta",
        "prezzoinofferta", "prezzoscontato", "cenapromocyjna", "акционнаяцена", "ценараспродажи", "aanbiedingsprijs",
        "actieprijs", "preçopromocional", "indirimlifiyat", "zlevněnácena", "reapris")),
    ("price", _NUMBER, (
        "regularprice", "מחיררגיל", "regulärerpreis", "normalpreis", "tarifrégulier", "prixrégulier", "precionormal",
        "precioregular", "prezzodilistino", "prezzoregolare", "cenaregularna", "cenapodstawowa", "базоваяцена",
        "обычнаяцена", "normaleprijs", "regulierprijs", "reguliereprijs", "preçonormal", "preçoregular", "normalfiyat",
        "běžnácena", "ordinariepris", "normalpris", "звичайнаціна")),
    ("category", _any, ("categories", "קטגוריות", "kategorien", "catégories", "categorías", "categorie", "kategorie",
                          "категории", "categorieën", "categorias", "kategoriler", "категорії")),
    ("tags", _any, ("tags", "תגיות", "תגים", "schlagwörter", "étiquettes", "etiquetas", "tag", "znaczniki", "метки",
                    "etiketler")),
    ("shippingclass", _any, ("shippingclass", "סוגמשלוח")),
    ("image", _matching(r"(?:https?:)?//.*"), ("images", "תמונות", "bilder", "imágenes", "immagini", "obrazki",
    "zdjęcia",
                                                "изображения", "afbeeldingen", "imagens", "görseller", "obrázky")),
    ("downloadlimit", _INTEGER, ("downloadlimit",)),
    ("downloadexpiry", _INTEGER, ("downloadexpirydays",)),
    ("parent", _any, ("parent", "אב", "הורה", "מוצראב", "übergeordnet", "übergeordnetesprodukt", "superior", "genitore",
                      "nadrzędny", "родительский", "родитель", "hoofd", "ascendente", "ebeveyn", "principal")),
    ("grouped", _any, ("groupedproducts",)),
    ("upsells", _any, ("upsells",)),
    ("crosssells", _any, ("crosssells",)),
    ("url", _matching(r"(?:https?:)?//.*"), ("externalurl", "כתובתurlחיצונית", "externeurl", "urlexterne", "urlexterna",
                                            "внешнийurl")),
    ("buttontext", _any, ("buttontext",)),
    ("position", _INTEGER, ("position", "מיקום", "pozycja", "позиция", "posición", "posizione", "positie", "posição")),
    ("brand", _any, ("brands", "מותגים", "marken", "marques", "marcas", "marchi", "marki", "бренды", "merken")),
)  # fmt: skip
# Fields whose names in other files mean the same here.
_ALSO_USUAL = ("sku", "name", "published", "available", "stock", "sale_begins", "sale_ends", "sale_price", "price")
_NUMBERED = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
REGULAR_PRICES = next(names for of, _fits, names in _COLUMNS if of == "price")
# Fields without which rows are misunderstood, or sold when or at what they are not.
DECISIVE = (
    "type",
    "sku",
    "name",
    "published",
    "visibility",
    "sale_begins",
    "sale_ends",
    "available",
    "stock",
    "sale_price",
    "price",
    "parent",
)
_USED = (*DECISIVE, "id", "barcode", "shortdescription", "description", "backorders", "category", "image", "url")
# Of the texts between the type and the next flag.
_PREFERRED = {
    "type": 5.0, "visibility": 5.0, "parent": 2.0, "name": 1.5, "sale_begins": 1.5, "sale_ends": 1.5, "sku": 1.0,
}  # fmt: skip
_FILLED = ("type", "name", "published", "visibility", "price", "available")
_KNOWN, _LIKELY, _SHARE = 20.0, 1.0, 0.98


def type_column(rows: Sequence[Sequence[str]], width: int) -> int | None:
    """Return the column that holds WooCommerce's types of products, which are English everywhere."""
    for column in range(width):
        cells = [cell for row in rows if column < len(row) and (cell := row[column].strip())]
        if len(cells) * 2 > len(rows) and cells and all(map(_is_type, cells)):
            return column
    return None


def recognised(
    heading: Sequence[str], rows: Sequence[Sequence[str]], given: Mapping[str, int | None]
) -> tuple[dict[str, int], list[str]]:
    """Return the column of each field of the export, attributes as `attribute1name` and so on, and the doubtful fields.

    Args:
        heading: The names of the columns.
        rows: Some lines.
        given: What the owner says: the column of a field, or None if there is none.
    """
    attributes, rest = _attributes(heading, rows)
    rest = [column for column in rest if column not in given.values()]
    scores: dict[int, dict[str, float]] = {}
    for column in rest:
        cells = [row[column].strip() for row in rows if column < len(row)]
        found = _scores(heading[column], cells, rows, column)
        scores[column] = {of: score for of, score in found.items() if of not in given}
    best = _aligned(rest, scores, {})
    doubtful = [of for of in _USED if of not in given and _is_doubtful(of, best, rest, scores)]
    sure = {of: column for of, column in best.items() if of in _USED and of not in doubtful}
    said = {of: column for of, column in given.items() if column is not None}
    return {**sure, **said, **attributes}, [of for of in doubtful if of in DECISIVE]


def _is_doubtful(
    of: str, best: Mapping[str, int], columns: Sequence[int], scores: Mapping[int, Mapping[str, float]]
) -> bool:
    """Whether the columns fit as well if another one is this field, or if its column is another field."""
    found = best.get(of)
    others = [(column, of) for column in columns if of in scores[column] and column != found]
    if found is not None:
        others += [(found, other) for other in scores[found] if other != of]
    return any(_aligned(columns, scores, {pair: 0.01}).get(of) != found for pair in others)


def _attributes(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[int]]:
    """The columns of attributes by their numbers, and the other columns in their order."""
    groups: list[tuple[str, list[int]]] = []
    rest: list[int] = []
    for column, name in enumerate(heading):
        found = None if _is_meta(name) else _NUMBERED.search(name)
        if found is None:
            rest.append(column)
        elif groups and groups[-1][0] == found[0] and groups[-1][1][-1] == column - 1:
            groups[-1][1].append(column)
        else:
            groups.append((found[0], [column]))
    parts: dict[str, int] = {}
    for number, columns in groups:
        if len(columns) > 1 and f"attribute{number}name" not in parts and not _are_addresses(columns, rows):
            parts[f"attribute{number}name"], parts[f"attribute{number}value"] = columns[:2]
    return parts, rest


def _is_meta(name: str) -> bool:
    """Whether it is a column of another plugin, such as `Meta: _colour`."""
    return ":" in name


def _are_addresses(columns: Sequence[int], rows: Sequence[Sequence[str]]) -> bool:
    cells = [row[column] for row in rows for column in columns if column < len(row) and row[column].strip()]
    return any(cell.startswith(("http://", "https://")) for cell in cells)


def _scores(name: str, cells: Sequence[str], rows: Sequence[Sequence[str]], column: int) -> dict[str, float]:
    """How well a column fits each field; a field that its cells rule out is absent."""
    filled = [cell for cell in cells if cell]
    spelling, usual = spelled(name), field_of(name)
    if _is_meta(name):
        return {}
    scores: dict[str, float] = {}
    for of, fits, names in _COLUMNS:
        known = spelling in names or (of in _ALSO_USUAL and usual == of)
        right = sum(map(fits, filled))
        if filled and right < _SHARE * len(filled) and not (known and of in ("price", "sale_price", "stock")):
            continue
        if of in _FILLED and not filled:
            continue
        if of == "parent" and not known and not _names_parents(rows, column):
            continue
        scores[of] = (
            (_KNOWN if known else 0)
            + (_LIKELY if filled else 0.5)
            + (_PREFERRED.get(of, 0) if filled or of == "sku" else 0)
        )
    return scores


def _names_parents(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether each variation, and nothing else, names another line here by its SKU or id."""
    kind = type_column(rows, max(map(len, rows), default=0))
    others = {cell.strip() for row in rows for place, cell in enumerate(row) if place != column}
    for row in rows:
        cell = row[column].strip() if column < len(row) else ""
        if kind is None or bool(cell) != ("variation" in row[kind]):
            return False
        if cell and cell not in others and not re.fullmatch(r"id:\d+", cell):
            return False
    return True


def _aligned(
    columns: Sequence[int], scores: Mapping[int, Mapping[str, float]], extra: Mapping[tuple[int, str], float]
) -> dict[str, int]:
    """The fields in the order of the export, put to the columns in theirs, so that they fit best."""
    fields = [of for of, _fits, _names in _COLUMNS]
    width = len(fields)
    best = [[0.0] * (width + 1) for _ in range(len(columns) + 1)]
    for n, column in enumerate(columns, start=1):
        row, before, fit = best[n], best[n - 1], scores[column]
        for m, of in enumerate(fields, start=1):
            score = max(before[m], row[m - 1])
            if of in fit:
                score = max(score, before[m - 1] + fit[of] + extra.get((column, of), 0))
            row[m] = score
    found: dict[str, int] = {}
    n, m = len(columns), width
    while n and m:
        column, of = columns[n - 1], fields[m - 1]
        fits = scores[column].get(of)
        if fits is not None and abs(best[n][m] - (best[n - 1][m - 1] + fits + extra.get((column, of), 0))) < 1e-9:
            found[of] = column
            n, m = n - 1, m - 1
        elif best[n][m] == best[n - 1][m]:
            n -= 1
        else:
            m -= 1
    return found
