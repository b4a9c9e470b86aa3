"""One sentence of our own in six scripts."""

from typing import Final

SENTENCES: Final = {
    "eng_Latn": "The council votes on the new bridge tonight",
    "rus_Cyrl": "Городской совет сегодня голосует за новый мост",
    "arb_Arab": "المجلس يصوت الليلة على الجسر الجديد",
    "zho_Hans": "市议会今晚就新桥进行投票",
    "hin_Deva": "परिषद आज रात नए पुल पर मतदान करेगी",
    "tha_Thai": "สภาเมืองลงมติเรื่องสะพานใหม่คืนนี้",
}
