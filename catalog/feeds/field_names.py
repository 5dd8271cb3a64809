"""The names that columns have in files, by the shop's fields."""

# The names of each field, as `spelled` returns them; the first one with a value wins.
NAMES: dict[str, tuple[str, ...]] = {
    "sku": (
        "sku", "ugs", "variantsku", "productnumber", "customsku",
        # Numbers of articles, in languages.
        "artikelnummer", "artnr", "artikelnr", "artikelnummersku", "référence", "référenceinterne", "codearticle",
        "codeproduit", "internereferenz", "internereferentie", "referencia", "referenciainterna", "referênciainterna",
        "riferimentointerno", "codprodus", "kódproduktu", "cikkszám",
        "stokkodu", "ürünkodu", "varenummer", "produktnummer", "tuotekoodi", "tootekood",
        "артикул", "внутреннийартикул", "артикултовара", "кодтовара", "кодтовару", "מקט", "מקטמוצר", "קודמוצר",
        "الرمز", "رمزالمنتج", "商品编号", "货号", "商品代码", "商品コード", "商品番号", "品番", "상품코드", "상품번호",
        "stokkodusku", "商品編號", "貨號", "商品貨號", "管理番号",
        # Ids, and what may be one.
        "id", "itemid", "productid", "code", "itemcode", "productcode", "offerid", "reference", "internalreference",
        "codice", "código", "cod", "kod", "kód", "κωδικός", "κωδικόσ", "קוד",
        "identifiant", "kimlik", "ид", "מזהה", "מזההמוצר", "المعرف", "معرفالمنتج", "identyfikator", "identificador",
        "identificativo", "αναγνωριστικό",
    ),
    "name": (
        "name", "title", "productname", "itemname", "producttitle", "שם", "שםמוצר", "שםהמוצר", "שםפריט", "כותרת",
        "artikelname", "produktname", "bezeichnung", "nom", "nomduproduit", "titre", "nombre", "título", "nome",
        "nazwa", "naam", "название", "наименование", "назва", "název", "namn", "navn", "isim", "ürünadı", "الاسم",
        "اسمالمنتج", "商品名称", "商品名稱", "商品名", "名称", "名稱", "品名", "商品標題", "商品标题",
        "상품명", "제품명", "όνομα",
        "προϊόν", "név", "terméknév", "nume", "denumire", "produsnume", "nomedoproduto", "nombredelproducto",
        "nomeprodotto", "nazwaproduktu", "názevproduktu", "artikelbezeichnung", "tuotenimi", "nimi", "produktnamn",
        "produktnavn", "имя", "名前", "названиетовара", "наименованиетовара", "назватовару",
    ),
    "description": (
        "description", "longdescription", "bodyhtml", "descriptionhtml", "body", "productdescription",
        "shortdescription", "תיאור",
        "תיאורמוצר", "beschreibung", "descripción", "descrizione", "descrição", "opis", "omschrijving", "описание",
        "الوصف", "描述", "商品描述", "説明", "商品説明", "설명", "상품설명", "περιγραφή", "leírás", "descriere",
        "beskrivning", "beskrivelse", "kuvaus", "açıklama", "popis", "опис",
    ),
    "category": (
        "category", "productcategory", "productcategories", "producttype", "categories", "googleproductcategory",
        "קטגוריה", "קטגוריות",
        "מחלקה", "kategorie", "kategorien", "catégorie", "catégories", "categoría", "categorías", "categoria",
        "categorie", "kategoria", "kategorie", "категория", "категории", "الفئة", "分类", "商品分类", "カテゴリ",
        "카테고리", "κατηγορία", "kategória", "categorii", "kategori", "luokka",
        "categorieën", "osastot", "produktkategorie", "catégoriedeproduit", "categoríadeproducto", "categoriaprodotto",
        "κατηγορίες", "kategoriler", "カテゴリー", "التصنيفات",
    ),
    "brand": ("brand", "manufacturer", "vendor", "brands", "מותג", "יצרן", "marke", "hersteller", "marque", "marca",
              "merk", "marka", "бренд", "производитель"),
    # With tax for certain, as the shop sells, and before tax.
    "gross_price": (
        "pricegross", "grossprice", "pricetaxincl", "pricetaxincluded", "priceincltax", "priceincludingtax",
        "priceinclvat",
        "pricewithtax", "pricewithvat", "prixttc", "bruttopreis", "bruttovk", "preisbrutto",
        "cenabrutto", "preciopvp", "pvp",
        "מחירכוללמעמ", "מחירלצרכן", "מחירללקוח",
    ),
    "price": (
        "price", "unitprice", "regularprice", "variantprice", "sellingprice",
        "מחיר", "מחירמכירה", "מחירליחידה", "מחיררגיל",
        "preis", "verkaufspreis", "prix", "precio", "prezzo", "preço", "cena", "prijs", "цена", "ціна", "pris",
        "fiyat", "السعر", "价格", "售价", "单价", "價格", "售價", "価格", "販売価格", "가격", "판매가", "판매가격",
        "τιμή", "ár", "preț", "pret", "hinta", "satışfiyatı", "ценапродажи", "розничнаяцена",
        # WooCommerce's price without a sale, where its type of products was not exported.
        "regulärerpreis", "normalpreis", "tarifrégulier", "prixrégulier", "precionormal", "precioregular",
        "prezzodilistino", "prezzoregolare", "cenaregularna", "cenapodstawowa", "базоваяцена", "обычнаяцена",
        "звичайнаціна", "normaleprijs", "reguliereprijs", "preçonormal", "preçoregular", "normalfiyat", "běžnácena",
        "ordinariepris", "normalpris", "normaalihinta", "κανονικήτιμή", "السعرالعادي", "السعرالأساسي", "通常価格",
        "vk", "vkpreis", "vkbrutto", "endpreis", "ladenpreis", "prixdevente", "preciodeventa", "prezzodivendita",
        "preçodevenda", "verkoopprijs", "cenasprzedaży",
    ),
    "net_price": (
        "pricenet", "netprice", "pricetaxexcl", "pricetaxexcluded", "priceexcltax", "priceexcludingtax", "priceexclvat",
        "priceexvat", "pricewithouttax", "pricebeforetax", "prixht", "nettopreis", "nettovk", "preisnetto", "cenanetto",
        "preciosiniva", "מחירלפנימעמ", "מחירללאמעמ", "מחירנטו",
    ),
    "sale_price": (
        "saleprice", "specialprice", "offerprice", "promoprice", "promotionalprice", "discountprice", "discountedprice",
        "מחירמבצע", "מחירהמבצע", "angebotspreis", "aktionspreis", "sonderpreis", "prixpromo", "precioderebaja",
        "preciooferta",
        "prezzoscontato", "cenapromocyjna", "aanbiedingsprijs", "ценасоскидкой", "ценараспродажи", "tarifpromo",
        "preciorebajado", "prezzoinofferta", "prezzoinsaldo", "акционнаяцена", "акційнаціна", "actieprijs",
        "preçopromocional", "indirimlifiyat", "indirimlisatışfiyatı", "zlevněnácena", "reapris", "tilbudspris",
        "alennushinta", "τιμήέκπτωσης", "τιμήπροσφοράς", "سعرالتخفيض", "سعرالتخفيضات", "سعرالعرض", "セール価格",
    ),
    "on_sale": ("onsale", "isonsale"),
    "sale_dates": ("salepriceeffectivedate",),
    "sale_begins": (
        "salepricestartdate", "salebegins", "salestart", "salestartdate", "salestarts", "salefrom", "salepricefrom",
        "datesalepricestarts", "specialpricefromdate", "specialfromdate", "dateonsalefrom", "saledatefrom", "תחילתמבצע",
        "תאריךתחילתמבצע", "מבצעמ", "מבצעמתאריך",
        "aktionvon", "angebotvon", "sonderpreisvon", "aktionspreisvon", "débutpromo", "débutpromotion", "promodu",
        "iniciooferta", "iniziopromozione", "początekpromocji", "началоакции", "actievan",
        "datumangebotspreisbeginnt", "datumandemangebotspreisbeginnt", "datededébutdepromo",
        "díaenqueempiezaelpreciorebajado", "datadiiniziodelprezzoinsaldo", "datarozpoczęciapromocji",
        "startdatumactieprijs", "датаначаладействияскидки", "indirimlifiyatınbaşladığıtarih", "alennushintaalkaa",
        "ημερομηνίαέναρξηςπροσφοράς", "تاريخبدءسعرالتخفيض", "セール価格開始日",
    ),
    "sale_ends": (
        "salepriceenddate", "saleends", "saleend", "saleenddate", "saleto", "salepriceto", "saleuntil",
        "datumangebotspreisendet", "datumandemangebotspreisendet", "datedefindepromo",
        "díaenqueterminaelpreciorebajado", "datadifinedelprezzoinsaldo", "datazakończeniapromocji",
        "einddatumactieprijs", "датаокончаниядействияскидки", "indirimlifiyatınbittiğitarih", "alennushintapäättyy",
        "ημερομηνίαλήξηςπροσφοράς", "تاريخانتهاءسعرالتخفيض", "セール価格終了日",
        "datesalepriceends", "specialpricetodate", "specialtodate", "dateonsaleto", "saledateto", "סוףמבצע", "סיוםמבצע",
        "תאריךסיוםמבצע", "מבצעעד", "מבצעעדתאריך",
        "aktionbis", "angebotbis", "sonderpreisbis", "aktionspreisbis", "finpromo", "finpromotion", "promoau",
        "finoferta", "finepromozione", "koniecpromocji", "конецакции", "actietot",
    ),
    "former_price": (
        "formerprice", "compareatprice", "variantcompareatprice", "originalprice", "oldprice", "listpricebefore",
        "מחירקודם", "מחירמקורי", "מחירלפניהנחה",
    ),
    "currency": ("currency", "currencycode", "pricecurrency", "מטבע", "währung", "devise", "moneda", "valuta", "waluta",
                 "валюта"),
    # What a price does not say: instalments that pay for a product of price 0, and the contract that it is sold with.
    "installment": ("installment",),
    "subscription_cost": ("subscriptioncost",),
    "image": (
        "image", "imageurl", "imagelink", "imagesrc", "images", "featuredimage", "picture", "photo", "imageurls",
        "תמונה", "תמונות",
        "bild", "bilder", "imagen", "imágenes", "immagine", "zdjęcie", "изображение", "изображения", "图片",
        "商品图片", "画像", "商品画像", "이미지", "εικόνα", "kép", "imagine", "bilde", "kuva", "resim", "obrázek",
        "obrazki", "afbeeldingen", "kuvat", "εικόνες", "görseller", "الصور",
    ),
    "url": ("url", "link", "producturl", "permalink", "onlinestoreurl", "קישור", "כתובת"),
    "stock": (
        "stock", "quantity", "inventory", "qty", "stockquantity", "inventoryquantity", "stockonhand",
        "quantityonhand", "onhand", "מלאי", "כמות", "כמותבמלאי", "lagerbestand", "bestand", "menge", "quantité",
        "cantidad", "existencias", "quantità", "quantidade", "ilość", "stan", "voorraad", "aantal", "количество",
        "остаток", "запас", "stok", "الكمية", "库存", "库存数量", "庫存", "在庫", "在庫数", "재고", "재고수량",
        "απόθεμα", "készlet", "stoc", "cantitate", "lager", "lagersaldo", "lagerantal", "varasto", "stokadedi",
        "stokmiktarı", "estoque", "stanmagazynowy", "кількість", "залишок", "počet", "mennyiség", "المخزون",
        "inventario", "magazzino", "запасы", "verfügbaremenge",
        "vorrätigemenge", "mengeverfügbar", "bestandsmenge",
        "quantitéenstock", "cantidadamano", "stocklevel", "stockqty", "qtyinstock", "quantityinstock",
    ),
    "available": (
        "available", "availability", "instock", "isinstock", "stockstatus", "allowpurchases", "purchasable",
        "ispurchasable", "זמין", "זמינות", "verfügbarkeit", "verfügbar", "disponibilité", "disponibilidad",
        "disponibilità", "disponibilidade", "dostępność", "beschikbaarheid", "наличие", "sellable", "skladem",
        "במלאי", "vorrätig", "enstock", "opvoorraad", "naskladě", "nastanie", "stokta", "varastossa", "вналичии",
        "emestoque", "σεαπόθεμα", "متوفرفيالمخزون", "在庫あり",
    ),
    "barcode": (
        "barcode", "gtin", "ean", "upc", "gtin13", "ean13", "isbn", "gtinupceanorisbn", "ברקוד", "штрихкод", "条码",
        "バーコード", "바코드", "vonalkód", "streckkod",
    ),
    "external_id": ("externalid", "variantid", "shopifyvariantid", "productvariantid"),
    "group_id": (
        "groupid", "itemgroupid", "group", "parentid", "itemgroup", "parentsku", "parentcode", "parent",
        "parentproduct", "parentproductid", "parentproductsku", "parentitem", "variantgroup", "variantgroupid",
        "variationgroup", "variantof", "groupsku", "groupcode", "mastersku", "masterid", "masterproduct",
        "productgroupid", "familyid", "handle", "producthandle", "parenthandle", "מקטאב", "מוצראב", "אב",
        "קבוצתוריאציות", "קבוצתוריאנטים", "מזההקבוצה", "elternartikel", "vaterartikel", "hauptartikel",
        "variantengruppe", "produitparent", "skuparent", "groupedevariantes", "productopadre", "skupadre",
        "grupodevariantes", "prodottopadre", "produtopai", "skupai", "produktnadrzędny", "grupawariantów", "родитель",
        "артикулродителя", "родительскийтовар", "группавариантов", "hoofdartikel", "hoofdproduct", "variantgrupp",
        "nadřazenýprodukt", "anaürün",
    ),
    "options": ("options", "variantdict"),
    "expires": ("expirationdate",),
    "eligible": ("enablesearch", "iseligiblesearch"),
    "published": (
        "published", "ispublished", "publishedononlinestore", "poststatus", "publishstatus", "publicationstatus",
        "kannverkauftwerden",
        "peutêtrevendu", "sepuedevender", "puedeservendido", "puòesserevenduto", "podeservendido", "kanverkochtworden",
        "możnasprzedać", "можнопродавать", "ניתןלמכירה",
        "status", "productstatus", "active", "isactive",
        "enabled", "状态", "狀態", "状態", "商品状态", "商品狀態", "ステータス", "상태", "상품상태", "판매상태",
        "isenabled", "visible", "isvisible", "visibility", "online", "saleok", "canbesold", "פורסם", "מפורסם", "סטטוס",
        "פעיל", "מוצג", "מצב", "veröffentlicht", "aktiv", "publié", "actif", "état", "statut", "publicado", "activo",
        "estado", "pubblicato", "attivo", "stato", "opublikowano", "opublikowany", "aktywny", "gepubliceerd", "actief",
        "опубликован", "опубликовано", "статус", "активен",
        "shown", "showonwebsite", "showonsite", "showinshop", "showinstore", "showonline", "displayonwebsite",
        "displayonsite", "displayinshop", "displayinstore", "displayonline", "visibleonline", "availableonline",
        "onwebsite", "sellonline", "מוצגבאתר", "מוצגבחנות", "הצגבאתר", "הצגהבאתר", "הצגבחנות", "הצגהבחנות",
        "לתצוגהבאתר", "תצוגהבאתר", "מופיעבאתר", "גלוי", "גלויבאתר", "נראהבאתר", "נראות", "נראותבאתר", "פעילבאתר",
        "פורסםבאתר", "sichtbar", "sichtbarkeit", "sichtbarimshop", "onlinesichtbar", "imshopanzeigen",
        "affichersurlesite", "affiché", "visiblesurlesite", "visibilité", "enligne", "mostrarenlaweb",
        "mostrarenlatienda", "visibleenlaweb", "visibleenlatienda", "visibilidad", "visibile",
        "visibilenelnegozio", "visibilità", "widoczny", "widoczność", "zichtbaar", "видимость", "показыватьнасайте",
    ),
    "hidden": ("hidden", "ishidden", "draft", "isdraft", "archived", "isarchived", "disabled", "isdisabled", "מוסתר",
               "מוסתרבאתר", "הסתר", "הסתרבאתר", "טיוטה", "deletedat", "deleted", "isdeleted"),
}  # fmt: skip
# What the owner can map; the last ones are columns of WooCommerce.
MAPPABLE = (*NAMES, "type", "parent", "visibility")
PRICES = ("gross_price", "price", "net_price")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that mean “with” before a tax, and all that may stand behind the name of a price: taxes, currencies and units.
WITH = _words("inc mit s z ze med с dahil avec")
BEHIND_PRICES = WITH | _words(
    "tax vat gst hst mwst ust btw tva iva dph ddv pdv moms alv kdv ндс пдв מעמ φπα incl including inclusive included "
    "excl excluding exclusive ex inkl inklusive exkl zzgl with without sans con sin com sem senza bez uden utan "
    "без כולל ללא לפני hariç ttc ht netto brutto gross net each unit per stück eur euro usd ils nis gbp chf pln zł czk "
    "kč huf ft ron lei sek nok dkk kr rub руб uah грн try tl cad aud nzd jpy cny inr brl mxn zar aed sar שח שקלים "
    "ohne in"
)
