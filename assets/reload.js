"use strict";
// Waits for a script that says whether the site has changed; where there is no server any more, asks
// again now and then, and loads the page anew when it is back.
function melbotWait(seen) {
  const script = document.createElement("script");
  script.src = "/~news.js?seen=" + seen;
  script.onload = () => script.remove();
  script.onerror = () => {
    script.remove();
    setTimeout(() => melbotWait(-1 >>> 0), 2000);
  };
  document.head.append(script);
}
