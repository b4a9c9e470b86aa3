// Light or dark, before the first line is painted: so this is no module.
{
  const kept = sessionStorage.getItem("newsstand.theme");
  if (kept !== null) document.documentElement.dataset.theme = JSON.parse(kept);
}
