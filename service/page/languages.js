// Languages: their names, and which way they are written.

const RIGHT_TO_LEFT = new Set([
  "ar", "arc", "arz", "azb", "ckb", "dv", "fa", "glk", "he", "iw", "ks", "ku", "mzn", "nqo", "pnb",
  "ps", "sd", "syr", "ug", "ur", "yi",
]);
const RIGHT_TO_LEFT_SCRIPT = /-(arab|hebr|thaa|syrc|nkoo|adlm|rohg)\b/i;
const OTHER_SCRIPT = /-[a-z]{4}\b/i;

/**
 * `lang` and `dir` for what is written in a language: no language, no `lang`, and the text decides.
 *
 * @param {string | null | undefined} language  BCP 47
 */
export function written(language) {
  if (!language) return { dir: "auto" };
  return { lang: language, dir: isRightToLeft(language) ? "rtl" : "ltr" };
}

function isRightToLeft(language) {
  if (RIGHT_TO_LEFT_SCRIPT.test(language)) return true;
  if (OTHER_SCRIPT.test(language)) return false;
  return RIGHT_TO_LEFT.has(language.toLowerCase().split("-")[0]);
}

/** "Arabic" for `ar`. */
export const inEnglish = (language) => named(language, "en");

/** "العربية" for `ar`. */
export const inItself = (language) => named(language, language);

function named(language, reader) {
  try {
    return new Intl.DisplayNames([reader], { type: "language" }).of(language) ?? language;
  } catch (error) {
    if (error instanceof RangeError) return language; // no tag of BCP 47
    throw error;
  }
}
