"""What shops say of availability, stock and publication, in the words and numbers that people use."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.amounts import WESTERN
from catalog.feeds.reading import Reading
from catalog.feeds.records import RowRefused, text_of
from catalog.language.text import clean, words

_MOST_STOCK = 2_147_483_647
# A schema.org address, such as https://schema.org/InStock.
_SCHEMA = re.compile(r"(?:https?://)?(?:www\.)?schema\.org/", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Of `10-20` the lower number counts.
_NUMBER = re.compile(r"[<>~+≥≤ ]*(-?[0-9][0-9.,' ]*)\s*(?:\+|[-–]\s*[0-9]+)?", re.ASCII)
# A thousand, or one piece with three decimals.
_OPEN = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_UNIT = re.compile(
    r"\s*(?:pcs|pc|pieces?|items?|units?|stk|stück|st|szt|шт|יח|יחידות|יחידה|pièces?|uds?|unidades|pz|ks|adet)\.?['׳]?"
    r"(?:\s+(?:in stock|left|available))?$|\s+(?:in stock|left|available|auf lager|en stock|במלאי|в наличии)$",
    re.IGNORECASE,
)


_COUNT = re.compile(r"\b[0-9]{1,9}\b", re.ASCII)


def _set(*said: str) -> frozenset[str]:
    return frozenset(" ".join(words(text)) for text in said)


_AVAILABLE = _set(
    "true", "yes", "y", "1", "in stock", "instock", "available", "preorder", "pre order", "presale", "pre sale",
    "backorder", "back order", "onbackorder", "on backorder", "in store", "instore only", "in store only",
    "online only", "onlineonly", "limited availability", "limited", "low stock", "few left", "made to order",
    "on request", "orderable", "on order", "available for order", "ready to ship", "ships today", "כן", "במלאי",
    "יש במלאי", "קיים במלאי", "זמין", "זמין במלאי", "יש", "קיים", "מלאי מוגבל", "מלאי נמוך", "הזמנה מראש", "בהזמנה",
    "ja", "auf lager", "lieferbar", "verfügbar", "sofort lieferbar", "vorbestellung", "oui", "en stock",
    "disponible", "précommande", "sur commande", "sí", "si", "en existencia", "en existencias", "hay existencias",
    "bajo pedido", "disponibile", "in magazzino", "sim", "em estoque", "em stock", "disponível", "tak", "dostępny",
    "dostępna", "dostępne", "w magazynie", "na stanie", "op voorraad", "beschikbaar", "да", "есть", "в наличии",
    "есть в наличии", "доступен", "под заказ", "предзаказ", "так", "є в наявності", "в наявності", "skladem",
    "na skladě", "i lager", "på lager", "stokta var", "stokta", "mevcut", "var", "متوفر", "متاح", "在庫あり",
    "有货", "有貨", "unlimited", "infinite", "many", "plenty", "vorrätig", "sofort verfügbar", "wenige verfügbar",
    "en existence", "pronta consegna", "su ordinazione", "em existência", "sob encomenda", "na zamówienie",
    "op bestelling", "leverbaar", "direct leverbaar", "на складе", "много", "мало", "достаточно", "есть на складе",
    "на замовлення", "na objednávku", "varastossa", "saatavilla", "διαθέσιμο", "άμεσα διαθέσιμο", "σε απόθεμα",
    "készleten", "raktáron", "rendelhető", "in stoc", "disponibil", "la comandă", "finns i lager", "på lager nu",
    "sipariş üzerine", "stokta mevcut", "متوفر في المخزون", "في المخزون", "حسب الطلب", "在庫有り", "在庫有", "予約",
    "予約受付中", "有库存", "有庫存", "现货", "現貨", "재고 있음", "재고있음", "판매중", "ניתן להזמנה",
    "זמין להזמנה", "זמין להזמנה מראש", "במלאי מוגבל", "ללא הגבלה", "only left", "last one", "last pieces", "last items",
    "nur noch", "nur noch wenige", "auf bestellung", "da ordinare", "derniers exemplaires", "ultimi pezzi",
    "últimas unidades", "ostatnie sztuki", "מלאי אחרון", "פריטים אחרונים", "יחידות אחרונות", "נותרו", "נשארו",
)  # fmt: skip
# What stands beside a count alone: more than so many, or what is left of it.
_MORE_THAN = _set(
    "more than", "over", "at least", "about", "left", "low stock left", "only left in stock", "in stock now",
    "mehr als", "über", "mindestens", "noch", "noch verfügbar", "noch auf lager", "noch lieferbar", "plus de",
    "plus que", "il reste", "más de", "quedan", "quedan solo", "più di", "solo rimasti", "mais de", "meer dan",
    "ponad", "więcej niż", "более", "больше", "осталось", "понад", "mer än", "mere end", "mer enn", "yli", "více než",
    "מעל", "יותר מ", "נשארו רק", "נותרו רק", "נשאר", "יחידות במלאי", "יח במלאי", "أكثر من", "多于", "超过",
)  # fmt: skip
# Of these, what is sold beyond the stock.
_BEYOND_STOCK = _set(
    "preorder", "pre order", "presale", "pre sale", "backorder", "back order", "onbackorder", "on backorder",
    "made to order", "on request", "orderable", "on order", "available for order", "הזמנה מראש", "בהזמנה",
    "ניתן להזמנה", "זמין להזמנה", "זמין להזמנה מראש", "vorbestellung", "précommande", "sur commande", "bajo pedido",
    "auf bestellung", "da ordinare",
    "su ordinazione", "sob encomenda", "na zamówienie", "op bestelling", "под заказ", "предзаказ", "на замовлення",
    "na objednávku", "rendelhető", "la comandă", "sipariş üzerine", "حسب الطلب", "予約", "予約受付中",
)  # fmt: skip
_NOT_AVAILABLE = _set(
    "false", "no", "n", "0", "out of stock", "outofstock", "sold out", "soldout", "unavailable", "not available",
    "discontinued", "unknown", "none", "no stock", "not in stock", "temporarily unavailable",
    "temporarily out of stock", "coming soon", "לא", "אזל", "אזל מהמלאי", "אזל המלאי", "חסר", "חסר במלאי",
    "לא במלאי", "לא זמין", "אין במלאי", "אין", "נגמר", "נגמר המלאי", "הופסק", "אינו זמין", "לא קיים במלאי", "nein",
    "nicht auf lager", "nicht verfügbar", "ausverkauft", "nicht lieferbar", "vergriffen", "non", "rupture de stock",
    "en rupture de stock", "en rupture", "épuisé", "indisponible", "non disponible", "agotado", "sin existencias",
    "sin stock", "no disponible", "fuera de stock", "esaurito", "non disponibile", "não", "esgotado",
    "fora de estoque", "indisponível", "sem estoque", "sem stock", "nie", "niedostępny", "niedostępna",
    "niedostępne", "brak", "brak w magazynie", "wyprzedany", "nee", "niet op voorraad", "uitverkocht",
    "niet beschikbaar", "нет", "нет в наличии", "отсутствует", "недоступен", "распродано", "немає",
    "немає в наявності", "ні", "vyprodáno", "není skladem", "slutsåld", "ej i lager", "ikke på lager", "udsolgt",
    "utsolgt", "stokta yok", "tükendi", "yok", "غير متوفر", "نفذ", "نفد", "在庫なし", "缺货", "缺貨", "售罄",
    "在庫切れ", "在庫無し", "品切れ", "売り切れ", "完売", "無庫存", "无货", "無貨", "已售完", "품절", "재고 없음",
    "재고없음", "εξαντλημένο", "εξαντλήθηκε", "μη διαθέσιμο", "εκτός αποθέματος", "loppu", "loppuunmyyty",
    "ei varastossa", "ei saatavilla", "elfogyott", "nincs készleten", "nem elérhető", "stoc epuizat",
    "indisponibil", "nu este în stoc", "slut i lager", "ikke på lager nu", "nicht vorrätig",
    "momentan nicht lieferbar", "derzeit nicht verfügbar", "zur zeit nicht lieferbar",
    "temporairement indisponible", "rupture", "non en stock", "non in stock", "terminato",
    "temporaneamente non disponibile", "sin disponibilidad", "no hay existencias", "temporariamente indisponível",
    "nie ma", "niet leverbaar", "tijdelijk uitverkocht", "нет на складе", "закончился", "закончилось", "продано",
    "временно отсутствует", "відсутній", "nedostupné", "není na skladě", "stok yok", "stokta kalmadı", "غير متاح",
    "نفدت الكمية", "אזל זמנית", "חסר זמנית", "לא ניתן להזמנה",
)  # fmt: skip
_SHOWN = _set(
    "true", "yes", "y", "1", "on", "active", "enabled", "enable", "published", "publish", "visible", "live",
    "online", "public", "listed", "approved", "catalog", "search", "catalog search", "catalogue", "both",
    "everywhere", "new", "current", "open", "ready", "כן", "פורסם", "מפורסם", "פעיל", "פעילה", "מוצג", "גלוי",
    "מופיע", "ja", "aktiv", "aktiviert", "veröffentlicht", "sichtbar", "oui", "actif", "activé", "publié",
    "en ligne", "sí", "si", "activo", "activado", "publicado", "habilitado", "attivo", "pubblicato", "sì",
    "visibile", "sim", "ativo", "visível", "tak", "aktywny", "aktywna", "opublikowany", "opublikowane", "widoczny",
    "włączony", "actief", "gepubliceerd", "zichtbaar", "ingeschakeld", "да", "активен", "активный", "опубликован",
    "опубликовано", "включен", "включено", "видимый", "так", "aktivní", "ano", "publikováno", "evet", "yayında",
    "aktif", "نعم", "منشور", "نشط", "áno", "igen", "ναι", "kyllä", "jah", "taip", "はい", "是", "예", "synlig",
    "publicerad", "julkaistu", "viditelný", "publikovaný", "zobrazit", "látható", "aktív", "activ", "vizibil",
    "publicat", "ενεργό", "δημοσιευμένο", "公開", "公开", "有効", "表示", "上架", "已上架", "已发布", "已發布",
    "显示", "顯示", "启用", "啟用", "공개", "노출", "표시", "판매중", "진열", "진열함", "ظاهر", "مرئي", "באתר",
    "מוצג באתר", "מופיע באתר", "פעיל באתר", "גלוי באתר", "מקוון", "באוויר", "דלוק", "nuevo", "neu", "חדש", "shown",
    "displayed", "angezeigt", "freigegeben", "affiché", "mostrar", "visible en la tienda", "im shop", "показать",
    "виден", "відображається", "опубліковано", "активний", "t", "w sprzedaży",
    # What spreadsheets make of TRUE.
    "wahr", "vrai", "verdadero", "vero", "verdadeiro", "prawda", "waar", "истина", "igaz", "doğru", "sant", "sandt",
    "sann", "tosi", "pravda", "αληθεσ", "אמת", "adevărat", "истинно", "j", "д",
)  # fmt: skip
_HIDDEN = _set(
    "false", "no", "n", "0", "off", "draft", "drafts", "inactive", "disabled", "disable", "unpublished", "hidden",
    "archived", "archive", "private", "pending", "pending review", "trash", "deleted", "unlisted", "offline",
    "not visible individually", "invisible", "not visible", "none", "nowhere", "proposed", "rejected", "retired",
    "suspended", "obsolete", "auto draft", "future", "scheduled", "removed", "לא", "טיוטה", "לא פורסם", "לא פעיל",
    "לא מפורסם", "מוסתר", "פרטי", "ממתין", "ממתין לאישור", "מוקפא", "בארכיון", "nein", "inaktiv", "entwurf",
    "deaktiviert", "versteckt", "verborgen", "nicht sichtbar", "privat", "non", "inactif", "brouillon", "désactivé",
    "masqué", "privé", "hors ligne", "inactivo", "borrador", "oculto", "desactivado", "deshabilitado", "privado",
    "no publicado", "inattivo", "bozza", "nascosto", "não", "inativo", "rascunho", "nie", "nieaktywny", "szkic",
    "ukryty", "wyłączony", "prywatny", "nee", "inactief", "concept", "нет", "неактивен", "неактивный", "черновик",
    "скрыт", "скрытый", "отключен", "отключено", "не опубликован", "приватный", "ні", "ne", "koncept", "hayır",
    "taslak", "pasif", "gizli", "لا", "مسودة", "مخفي", "غير نشط", "nem", "nu", "όχι", "ei", "nej", "nei", "ikke",
    "inte", "いいえ", "否", "아니오", "아니요", "dold", "utkast", "skjult", "kladde", "luonnos", "piilotettu",
    "skryto", "skrytý", "nepublikovaný", "neaktivní", "rejtett", "vázlat", "inaktív", "inactiv", "ascuns", "ciornă",
    "ανενεργό", "πρόχειρο", "κρυφό", "非公開", "非表示", "無効", "下架", "已下架", "未发布", "未發布", "未上架",
    "隐藏", "隱藏", "停用", "禁用", "비공개", "숨김", "미노출", "판매중지", "진열안함", "לא באתר", "לא מוצג",
    "לא מוצג באתר", "לא מופיע", "מוסתרת", "מושבת", "כבוי", "הוסר", "not published", "not active", "not shown",
    "do not show", "nicht veröffentlicht", "nicht aktiv", "nicht angezeigt", "gesperrt", "ausgeblendet",
    "non publié", "non visible", "non pubblicato", "non attivo", "no visible", "no activo", "não publicado",
    "não visível", "nieopublikowany", "niewidoczny", "niet zichtbaar", "niet gepubliceerd", "не активен",
    "не показывать", "не активний", "чернетка", "приховано", "f",
    "falsch", "faux", "falso", "fałsz", "onwaar", "ложь", "hamis", "yanlış", "falskt", "falsk", "usann", "epätosi",
    "nepravda", "ψευδεσ", "שקר", "fals", "н",
    "staging", "staged",
)  # fmt: skip
_SPAN = (
    r"(?:h|hours?|stunden?|heures?|(?:business |working )?days?|(?:werk|arbeits)?tagen?|tage?|jours?(?: ouvrés)?|"
    r"días|dias|giorni|dagen|dni|дн|дней|дня|gün|ימים|ימי עסקים|weeks?|wochen?|semaines?|שבועות)"
)
# How long something takes: `in 3 5 days`; and what may stand beside the words, `in stock 5` and `available in 3 days`.
_TIME = re.compile(rf"(?:(?:ships?|delivery|in|within|sous|dans|tra|entro|תוך) )*[0-9]+ ?(?:[0-9]+ ?)?{_SPAN}")
_AMOUNT = re.compile(rf"(?:\b(?:in|within|sous|dans|tra|entro|תוך) )?\b[0-9]+(?: [0-9]+)*(?: ?{_SPAN})?\b")
_DAY = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4}")
_SIGNS = {"✓": True, "✔": True, "☑": True, "✅": True, "√": True, "✗": False, "✘": False, "❌": False, "✕": False}
# Those that may say no to anything.
_MERE_NO = _set(
    "false", "no", "n", "0", "off", "none", "nowhere", "f", "לא", "nein", "non", "não", "nie", "nee", "нет", "ні", "ne",
    "hayır", "لا", "nem", "nu", "όχι", "ei", "nej", "nei", "ikke", "inte", "いいえ", "否", "아니오", "아니요", "falsch",
    "faux", "falso", "fałsz", "onwaar", "ложь", "hamis", "yanlış", "falskt", "falsk", "usann", "epätosi", "nepravda",
    "ψευδεσ", "שקר", "fals", "н",
)  # fmt: skip
_STATES = _HIDDEN | {"discontinued"}
# A status may be that of the stock; then it hides nothing.
_OF_STOCK = (_AVAILABLE | _NOT_AVAILABLE) - _HIDDEN


class NotUnderstood(ValueError):
    """A value that may hide products is not understood: the file is refused, and not read half."""

    def __init__(self, field: str, value: str) -> None:
        self.field, self.value = field, value
        super().__init__(value)


def stock_of(fields: Mapping[str, Any], reading: Reading | None = None) -> tuple[int | None, bool | None]:
    """Return the stock, None if it is not counted, and whether that says that the product is available.

    Parts of a piece count down, so that no more is sold than there is. `50+` is fifty. What `1.000` is, `reading` says.

    Raises:
        RowRefused: If the text is neither a count nor words about availability.
    """
    text = clean(text_of(fields, "stock"), 60).translate(WESTERN) if "stock" in fields else ""
    if not text:
        return None, None
    if text.isascii() and text.isdecimal():
        return _count(text), None
    if found := _NUMBER.fullmatch(_UNIT.sub("", text)):
        written = found[1].strip()
        if reading and _OPEN.fullmatch(written):
            reading.open_stocks += 1
            written = written.replace(".", "") if reading.points_group_stock else written
        whole = _whole(written)
        if whole is not None:
            # Of fewer than five there are four at most.
            return max(_count(whole) - text.startswith("<"), 0), None
    said = _said(text) if text != "∞" else "unlimited"
    if (counted := _counted(said)) is not None:
        return counted
    if said in _AVAILABLE:
        return None, True
    if said in _NOT_AVAILABLE:
        return 0, False
    raise RowRefused(_("its stock “%(stock)s” is not a whole number") % {"stock": text[:40]})


def _counted(said: str) -> tuple[int, bool | None] | None:
    """The count beside words about availability, as in `In stock (5)` and `more than 10`; None if there is not one."""
    if len(numbers := _COUNT.findall(said)) != 1:
        return None
    rest = " ".join(_COUNT.sub(" ", said).split())
    if rest in _NOT_AVAILABLE:
        return 0, False
    return (_count(numbers[0]), None) if rest in _AVAILABLE or rest in _MORE_THAN else None


def _count(whole: str) -> int:
    if len(whole) > 18:
        raise RowRefused(_("its stock is too large"))
    # A shop that sells more than its stock exports a negative count.
    count = max(0, int(whole))
    if count > _MOST_STOCK:
        raise RowRefused(_("its stock is too large"))
    return count


def _whole(written: str) -> str | None:
    """The whole pieces of `1,000`, `7,00`, `2.5` and `1.234,5`; a point with three digits behind it is decimal."""
    written = written.replace(" ", "").replace("'", "")
    sign = "-" if written.startswith("-") else ""
    plain = written.removeprefix("-")
    if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?", plain):
        plain = plain.partition(".")[0].replace(",", "")
    elif re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*|[0-9]{1,3}(?:\.[0-9]{3}){2,}", plain):
        plain = plain.partition(",")[0].replace(".", "")
    elif re.fullmatch(r"[0-9]+(?:[.,][0-9]*)?", plain):
        plain = re.split("[.,]", plain)[0]
    else:
        return None
    return sign + plain


def available_of(fields: Mapping[str, Any]) -> bool | None:
    """Return whether the product is available; None if the row does not say it.

    Raises:
        RowRefused: If the words are not understood.
    """
    text = clean(text_of(fields, "available"), 100).translate(WESTERN) if "available" in fields else ""
    if not text:
        return None
    if found := _NUMBER.fullmatch(text):  # some shops write the count here
        return (whole := _whole(found[1].strip())) is not None and int(whole) > 0
    said = _said(text)
    if (known := _is_available(said)) is not None:
        return known
    if (known := _is_available(" ".join(_AMOUNT.sub(" ", said).split()))) is not None:
        return known
    if _TIME.fullmatch(said):
        return True  # how long it takes until it is sent
    raise RowRefused(_("its availability “%(said)s” is not understood") % {"said": said[:40]})


def _is_available(said: str) -> bool | None:
    if said in _NOT_AVAILABLE or said in _HIDDEN:
        return False
    return True if said in _AVAILABLE or said in _SHOWN else None


def is_beyond_stock(fields: Mapping[str, Any]) -> bool:
    """Whether a row says in words that the product can be ordered before there is a piece of it."""
    return "available" in fields and _said(clean(text_of(fields, "available"), 100)) in _BEYOND_STOCK


def is_shown(value: Any, field: str = "published") -> bool:
    """Whether a value of a column such as “Published” or “Status” lets the product be seen.

    Raises:
        NotUnderstood: If the value is none that is known.
    """
    if isinstance(value, bool | int | Decimal) or value is None:
        return bool(value and _is_yes(Decimal(value), field))
    text = value.strip() if isinstance(value, str) else type(value).__name__
    said = _said(text)
    if (sign := _SIGNS.get(text.rstrip("\ufe0f"))) is not None:
        return sign
    try:
        return not text or _is_yes(Decimal(text), field)
    except NotUnderstood:
        raise
    except (ArithmeticError, ValueError):
        if said not in _HIDDEN and (said in _SHOWN or said in _OF_STOCK or _DAY.match(text)):
            return True
    if said not in _HIDDEN:
        raise NotUnderstood(field, text)
    return False


def _is_yes(number: Decimal, field: str) -> bool:
    """What 1 and 0 say, and large numbers, which are moments; 2 means disabled in some systems, and shown in others."""
    if 1 < number < 10:
        raise NotUnderstood(field, str(number))
    return number > 0


def is_hidden(value: Any) -> bool:
    """Whether a value of a column such as “Hidden”, “Draft” or “deletedAt” hides the product."""
    if isinstance(value, str) and _DAY.match(value.strip()):
        return not value.startswith("0000")
    return value not in (None, "") and is_shown(value, "hidden")


def is_yes_or_no(text: str) -> bool:
    """Whether a text says yes or no, as a word of publication or as 1 or 0."""
    return text.strip() in ("0", "1", *_SIGNS) or (said := _said(text)) in _SHOWN or said in _HIDDEN


def tells_state(cells: Iterable[str]) -> bool:
    """Whether all cells say in words whether a product is shown, and one of them that it is not, such as “draft”."""
    said = {_said(cell) for cell in cells if cell.strip()}
    return said <= (_SHOWN | _STATES) and not said.isdisjoint(_STATES - _SHOWN - _MERE_NO)


def hides(field: str, value: Any) -> bool:
    """Whether a value of `published` or `hidden` clearly hides the product; one that is not understood does not."""
    try:
        return is_hidden(value) if field == "hidden" else not is_shown(value)
    except NotUnderstood:
        return False


def _said(text: str) -> str:
    text = _SCHEMA.sub("", text)
    return " ".join(words(_CAMEL.sub(" ", text) if " " not in text else text))
