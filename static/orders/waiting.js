// A page that waits for a payment learns by itself what became of it. Without this script it reloads now and then.
"use strict";
(() => {
  const { state, version } = document.currentScript.dataset;
  let pause = 2000;
  const look = async () => {
    try {
      const answer = await fetch(state, { cache: "no-store", credentials: "same-origin" });
      if (answer.ok && String((await answer.json()).version) !== version) {
        location.replace(location.pathname);
        return;
      }
    } catch {} // the network may come back
    pause = Math.min(pause * 1.3, 15000);
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
})();
