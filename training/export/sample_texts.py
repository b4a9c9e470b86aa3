"""Sample titles of many languages and lengths, written for this project.

Parity is measured over them where no other texts are given.
"""

# ruff: noqa: RUF001 - these alphabets are meant

from typing import Final

_SENTENCES: Final = (
    # English
    "Ferry crews vote to strike from Monday after talks on night shifts collapse",
    "Five soups that taste better on the second day",
    "“We simply ran out of road”: rally leader explains Saturday's crash",
    "Rates held at 3.75% as inflation cools for a fourth month",
    # German
    "Stadtrat verschiebt Entscheidung über die neue Straßenbahnlinie auf den Herbst",
    "Warum Störche in diesem Jahr zwei Wochen früher zurückkehren",
    "Dreimal Gold: Schwimmerin aus Görlitz überrascht bei der Meisterschaft",
    # French
    "Les vendanges commencent plus tôt que jamais, et les vignerons s'inquiètent",
    "Où dormir près de la mer sans se ruiner cet été ?",
    "Un théâtre de quartier rouvre après dix ans de travaux",
    # Spanish
    "El ayuntamiento prohíbe los coches en el casco antiguo los domingos",
    "¿Cuánto cuesta de verdad cambiar de compañía eléctrica?",
    "La selección se queda sin portero a dos días de la final",
    # Italian
    "Terremoto nella notte, nessun danno ma molta paura tra gli abitanti",
    "La ricetta della nonna che ha conquistato i ristoranti del centro",
    # Portuguese
    "Chuvas fortes fecham escolas e deixam milhares de casas sem luz",
    "Jovem inventora cria filtro de água com cascas de banana",
    # Dutch
    "Treinverkeer ligt stil door een storing in de seinen bij het knooppunt",
    "Waarom steeds meer gezinnen hun auto delen met de buren",
    # Swedish, Danish, Norwegian, Finnish
    "Ny bro över sundet blir dyrare än beräknat, enligt rapporten",
    "Havnen åbner igen efter stormen, men færgerne er stadig forsinkede",
    "Laksen er tilbake i elva for første gang på førti år",
    "Kirjasto lainaa nyt myös polkupyöriä ja soittimia",
    # Polish, Czech, Slovak
    "Mieszkańcy protestują przeciwko wycince starych dębów w parku",
    "Vědci našli v jeskyni malby staré třicet tisíc let",
    "Hokejisti otočili zápas v poslednej minúte",
    # Hungarian, Romanian
    "Drágább lesz a kenyér, de a tej ára nem változik",
    "Muzeul din port își deschide porțile gratuit în weekend",
    # Turkish
    "Deprem sonrası köy okulu gönüllülerin yardımıyla yeniden açıldı",
    "Zeytin üreticileri kuraklık yüzünden zor bir yıl geçiriyor",
    # Greek
    "Οι ψαράδες ζητούν νέα όρια για την προστασία του κόλπου",
    # Russian, Ukrainian, Bulgarian
    "Учёные объяснили, почему зимой озеро меняет цвет",
    "Цены на проезд вырастут с первого марта",
    "У місті відкрили перший музей вуличної музики",
    "Новият мост над реката ще бъде готов до лятото",
    # Arabic, Persian, Hebrew, Urdu
    "مزارعو الوادي ينتظرون المطر بعد أطول موسم جفاف منذ عقود",
    "افتتاح خط القطار السريع يؤجل إلى العام المقبل",
    "کتابخانهٔ کوچک روستا جایزهٔ ملی گرفت",
    "הרכבת הקלה תפעל גם בלילות החל מהשבוע הבא",
    "بارش کے بعد شہر کی سڑکیں بند، اسکولوں میں چھٹی",
    # Hindi, Bengali, Tamil
    "बारिश से पहले किसानों ने बाँध की मरम्मत पूरी की",
    "छोटे शहर की लड़की ने शतरंज में देश का नाम रोशन किया",
    "নদীর ভাঙনে গ্রামের একমাত্র স্কুলটি হুমকির মুখে",
    "மழை காரணமாக ரயில் சேவை தாமதம்",
    # Chinese, Japanese, Korean
    "新地铁线路下月开通，票价暂不调整",
    "科学家在深海发现会发光的新物种",
    "港口恢復通航，漁民期待好收成",
    "老舗の銭湯が若者の力で再オープン、連日行列",
    "台風の影響で明日の試合は中止になりました",
    "작은 서점들이 동네 축제를 함께 열기로 했다",
    "올해 첫눈은 작년보다 열흘 빨랐다",
    # Vietnamese, Indonesian, Thai, Swahili
    "Làng chài nhỏ trở thành điểm đến yêu thích của du khách",
    "Harga cabai turun setelah panen raya di tiga provinsi",
    "ชาวบ้านช่วยกันปลูกป่าชายเลนริมอ่าว",
    "Wavuvi wapata boti mpya baada ya mafuriko makubwa",
)


def _of_many_lengths() -> tuple[str, ...]:
    """Each sentence's first words, the sentence, the sentence with the next one, and with four."""
    titles = []
    for first, sentence in enumerate(_SENTENCES):
        following = (_SENTENCES[first:] + _SENTENCES)[:5]
        titles += [sentence[:12].strip(), sentence, " - ".join(following[:2]), ". ".join(following)]
    return tuple(titles)


SAMPLE_TITLES: Final = _of_many_lengths()
