"""Headings that say whether a product is shown, known by their words, and columns that say it by a mark or nothing."""

import re
from collections.abc import Sequence
from functools import lru_cache

from catalog.feeds.words import is_yes_or_no
from catalog.language.text import words


def _words(text: str) -> frozenset[str]:
    return frozenset(word for part in text.split() for word in words(part))


_SHOWN = _words(
    "published publish visible visibility active activated enabled enable online shown show display displayed listed "
    "live veröffentlicht veröffentlichen sichtbar sichtbarkeit aktiv aktiviert anzeigen angezeigt freigegeben "
    "freigeschaltet publié publiée publier visibilité actif active activé affiché afficher enligne publicado publicada "
    "publicar visibilidad activo activa activado mostrar habilitado pubblicato pubblica visibile visibilità attivo "
    "attiva attivato mostra visível visibilidade ativo ativa ativado exibir opublikowany opublikowane opublikowano "
    "widoczny widoczne widoczność aktywny aktywne pokaż pokazuj włączony włączone gepubliceerd publiceren zichtbaar "
    "zichtbaarheid actief tonen weergeven опубликован опубликовано опубликовать видимый видимость виден активен "
    "активный активность активно показывать показать отображать отображается включен включено опубліковано видимий "
    "видимість активний показувати відображати publicerad publicera synlig synlighet visa publiceret vis publisert "
    "aktivt julkaistu näkyvissä näkyvyys aktiivinen publikováno zveřejněno viditelné viditelný viditelnost aktivní "
    "zobrazit zobrazovat zverejnené viditeľné aktívny zobraziť közzétéve látható láthatóság aktív publicat vizibil "
    "vizibilitate activ afișat objavljeno vidljivo aktivno yayında yayınla yayınlandı görünür görünürlük aktif göster "
    "yayımlanmış yayınlanmış yayımlandı النشر الظهور გამოქვეყნებული ხილვადობა "
    "δημοσιευμένο ορατό ορατότητα ενεργό εμφάνιση منشور ظاهر مرئي نشط إظهار مفعل "
    "פורסם מפורסם פרסום מוצג מוצגת גלוי גלויה פעיל פעילה נראה נראות הצג הצגה תצוגה להציג להצגה לתצוגה מופיע באתר "
    "באינטרנט מקוון אונליין באוויר"
)
_HIDDEN = _words(
    "hidden hide draft archived archive disabled disable inactive unpublished unpublish invisible deleted "
    "ausgeblendet ausblenden versteckt verstecken deaktiviert inaktiv entwurf gesperrt masqué masquer caché cacher "
    "désactivé inactif brouillon archivé oculto ocultar inactivo borrador desactivado deshabilitado archivado nascosto "
    "nascondi disattivato inattivo bozza archiviato rascunho desativado inativo arquivado ukryty ukryte ukryj "
    "nieaktywny wyłączony szkic verborgen verbergen inactief uitgeschakeld скрыт скрыто скрытый скрыть "
    "неактивен отключен отключено черновик прихований приховано вимкнено чернетка dold dölj inaktiverad utkast skjult "
    "skjul kladde piilotettu luonnos skrytý skryté skrýt neaktivní rejtett elrejtve inaktív vázlat ascuns "
    "dezactivat ciornă skriveno gizli pasif taslak κρυφό ανενεργό πρόχειρο مخفي مسودة معطل "
    "מוסתר מוסתרת הסתר הסתרה להסתיר מוקפא ארכיון בארכיון טיוטה מושבת כבוי"
)
# One of these alone may be a screen, a leather, a beer, a screw or a card.
_VAGUE = _words("live listed show display shown hide draft archive archived vis visa visas")
_NOT = _words("not no dont nicht kein pas non nie ne niet не inte ikke ei nu değil לא אל אינו")
_STATE = _words(
    "status state statut état estado stato stav стан статус состояние durum tila állapot stare κατάσταση الحالة סטטוס "
    "מצב"
)
# Words that may stand beside these and change nothing.
_BESIDE = _words(
    "product products produkt produkte produit producto prodotto produto produktu товар товара товару proizvod ürün "
    "termék produs προϊόν المنتج item article artikel artículo articolo artigo מוצר המוצר פריט "
    "is are be it do in on at to for the of a y n yes 1 0 flag shop store storefront site website web webshop webstore "
    "webseite internet public customers customer catalog catalogue katalog frontend eshop onlineshop ecommerce "
    "im auf der die das den ist wird dem laden kunden sur le la les dans est en ligne site boutique au public "
    "el los tienda sitio es nel negozio sul sito al pubblico na no loja ao w sklepie stronie czy jest dla klientów "
    "op de winkel zichtbaar на сайте в магазине для покупателей витрине каталоге i butik butiken nettbutikk hemsida "
    "verkossa v obchodu obchodě na webu a webáruházban în magazin sitede mağazada u trgovini στο κατάστημα "
    "στην ιστοσελίδα في المتجر الموقع "
    "katalogu katalogdaki katalogda catálogo catalogo catalogus katalogissa κατάλογο στον каталозі الكتالوج تم "
    "בחנות בקטלוג ללקוחות לקוחות לציבור האם כן חנות אתר של"
)
# Where a product may be: alone, such a heading says it if its cells say yes or no.
_PLACES = _words(
    "shop store storefront site website web webshop webstore webseite internet frontend eshop onlineshop ecommerce "
    "boutique tienda sitio negozio sito loja sklepie winkel сайте магазине витрине butik nettbutikk verkossa obchodu "
    "webáruházban magazin mağazada trgovini κατάστημα المتجر الموقع בחנות חנות אתר"
)
# What is counted, priced or described is no sign, whatever else the heading says.
_OTHER = _words(
    "stock inventory qty quantity price cost preis prix precio prezzo preço cena цена prijs sale order orders count id "
    "name date since size weight ingredient ingredients category מלאי כמות מחיר תאריך הזמנה שם bestand lager menge "
    "stückzahl quantité stan ilość количество остаток datum date fecha data дата tax tva mwst vat review reviews "
    "rating only featured checkout homepage home slider carousel menu newsletter badge banner comments comment gift "
    "wrap wrapping return returns refund shipping delivery pickup discount discounts coupon coupons backorder "
    "backorders preorder preorders download downloads subscription personalization personalisation engraving payment "
    "installments recommended bestseller startseite versand lieferung rabatt accueil livraison retours envío "
    "promoción spedizione sconto dostawa strona главной доставка скидка הבית משלוח משלוחים הנחה קופון איסוף תשלומים"
)
_PAIRS = {
    ("yes", "no"),
    ("y", "n"),
    ("ja", "nein"),
    ("oui", "non"),
    ("si", "no"),
    ("sí", "no"),
    ("да", "нет"),
    ("כן", "לא"),
}
_COMPOUND = re.compile(r"(?:produkt|artikel|product|webshop|onlineshop|shop|online|web|item)(.{4,})")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EASTERN = re.compile(
    r"(?:是否|商品|产品|產品|상품)?(?:(上架|发布|發布|公開|公开|启用|啟用|可见|可見|显示|顯示|表示|有効|판매|공개|노출|표시|진열|활성)"
    r"|(下架|隐藏|隱藏|禁用|停用|非公開|非表示|無効|숨김|비공개))(?:状态|狀態|状態|ステータス|フラグ|설정|여부|상태|済み|済|中)?"
)
_MARK = re.compile(r"[✓✔☑✅√vVxX×•●*]\ufe0f?")


@lru_cache(maxsize=4096)
def state_of(name: str) -> tuple[str, bool] | None:
    """Return `published` or `hidden` for a heading that has a word for it, and whether it can mean nothing else."""
    plain = name[:100].partition("(")[0]
    found = words(_CAMEL.sub(" ", plain))
    if tuple(found[-2:]) in _PAIRS:
        del found[-2:]
    if eastern := _EASTERN.fullmatch("".join(found)):
        return ("published" if eastern[1] else "hidden"), True
    kinds = [_kind(word) for word in found]
    if "other" in kinds or not kinds:
        return None
    if "shown" not in kinds and "hidden" not in kinds:
        if "" in kinds or not ("state" in kinds or any(word in _PLACES for word in found)):
            return None
        return "published", "state" in kinds
    turned = ("hidden" in kinds) != ("not" in kinds)
    return ("hidden" if turned else "published"), "" not in kinds and not (len(found) == 1 and found[0] in _VAGUE)


def says_yes_or_no(cells: Sequence[str]) -> bool:
    """Whether all cells of a column that say something say yes or no."""
    said = [cell for cell in cells if cell.strip()]
    return bool(said) and all(map(is_yes_or_no, said))


def is_catalogue_visibility(cells: Sequence[str]) -> bool:
    """Whether a column holds the words that WooCommerce writes in all languages, and one of them hides a product."""
    return "hidden" in cells and set(cells) <= {"", "visible", "catalog", "search", "hidden"}


def has_drafts(cells: Sequence[str]) -> bool:
    """Whether a column holds WooCommerce's numbers for published, private and draft."""
    return {"-1", "1"} <= set(cells) <= {"", "-1", "0", "1"}


def is_marked(cells: Sequence[str]) -> bool:
    """Whether a column has one mark, such as ✓, in some cells and nothing in the others."""
    said = {cell.strip() for cell in cells}
    return "" in said and len(said) == 2 and all(not cell or _MARK.fullmatch(cell) for cell in said)


def as_word(said: str) -> str:
    """What a cell of a marked column says, as a word."""
    return "no" if not said else "yes" if _MARK.fullmatch(said.strip()) else said


def _kind(word: str) -> str:
    for of, known in (("other", _OTHER), ("shown", _SHOWN), ("hidden", _HIDDEN), ("not", _NOT), ("state", _STATE)):
        if word in known:
            return of
    if word in _BESIDE:
        return "beside"
    if (rest := _COMPOUND.fullmatch(word)) and _kind(rest[1]):
        return _kind(rest[1])
    return ""
