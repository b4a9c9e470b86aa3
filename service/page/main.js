// The page: what it is made of, put together once.

import { wireCompare } from "./compare.js";
import { wireControls } from "./controls.js";
import { Desk } from "./desk.js";
import { byId } from "./element.js";
import { wireFrontPage } from "./front_page.js";
import { wireHistory } from "./history.js";
import { dateline } from "./hours.js";
import { wireKey } from "./key_dialog.js";
import { wireLamp } from "./lamp.js";
import { wireMap } from "./map.js";
import { showTrouble, wireNotices } from "./notices.js";
import { presentPersonas, wirePersonas } from "./personas.js";
import { wireReading } from "./reading.js";
import { colourSections } from "./sections.js";
import * as service from "./service.js";
import { wireViews } from "./views.js";

byId("today").textContent = dateline();
for (const drawer of document.querySelectorAll(".drawer")) {
  drawer.open = matchMedia("(min-width: 64rem)").matches;
}
wireLamp();
wireKey(() => location.reload());
start();

async function start() {
  try {
    const overview = await service.overview();
    colourSections(overview.categories);
    open(new Desk(overview, await presentPersonas()));
  } catch (error) {
    showTrouble(error, start);
  }
}

function open(desk) {
  delete document.body.dataset.waiting;
  showImprint(desk.overview);
  wireNotices(desk);
  wirePersonas(desk);
  wireControls(desk);
  wireFrontPage(desk);
  wireHistory(desk);
  wireReading(desk);
  const drawings = { "side-by-side": wireCompare(desk), map: wireMap(desk) };
  let view = null;
  const draw = () => drawings[view]?.();
  desk.addEventListener("page", draw);
  wireViews((opened) => {
    view = opened;
    draw();
  });
  desk.refresh();
}

function showImprint({ articles, languages, model }) {
  const many = languages.length === 1 ? "one language" : `${languages.length} languages`;
  byId("imprint").textContent = `${articles.toLocaleString("en")} articles in ${many}`;
  byId("model").textContent = model;
}
