/* Keeps the page of one screen in its browser, with all that it loads, for the time when the gateway is away: a page that
   is loaded then is the page, never the browser's error. Browsers run it over HTTPS and on localhost only.
   `worker.js?v=BUILD`: every build of the page has a worker and a store of its own. */
(function () {
  "use strict";

  const PATIENCE_MS = 4000, FOR_EVER = /^\/(fonts|pictures)\//;
  const base = self.location.pathname.replace(/\/worker\.js$/, "");
  const build = new URL(self.location.href).searchParams.get("v");
  const ours = "hall-screen:" + base + "?", store = ours + build;

  function found(text, pattern) {
    const all = [];
    text.replace(pattern, function (_whole, name) { all.push(name); return ""; });
    return all;
  }

  async function keep() {
    const cache = await caches.open(store);
    const page = await fetch(base, { credentials: "same-origin", cache: "no-store" });
    if (!page.ok) { throw new Error("the page is " + page.status); }
    const files = found(await page.clone().text(), /(?:href|src)="([^"]+)"/g);
    await cache.addAll(files);
    for (const file of files.filter(function (each) { return each.indexOf(".css?") > 0; })) {
      const style = await (await cache.match(file)).text();
      await cache.addAll(found(style, /url\("([^"]+)"\)/g).map(function (name) { return base + "/" + name; }));
    }
    await cache.put(base, page);
    await self.skipWaiting();
  }

  async function begin() {
    const names = await caches.keys();
    await Promise.all(names.filter(function (each) { return each.startsWith(ours) && each !== store; }).map(function (each) {
      return caches.delete(each);
    }));
    await self.clients.claim();
  }

  /* The key was taken back: nothing of this screen stays here. */
  async function forget() {
    await caches.delete(store);
    await self.registration.unregister();
  }

  async function enter(request) {
    const late = new Promise(function (_, refuse) { setTimeout(refuse, PATIENCE_MS, new Error("late")); });
    const answer = await Promise.race([fetch(request), late]).catch(function () { return null; });
    if (answer && (answer.status === 401 || answer.status === 403)) {
      await forget();
      return answer;
    }
    const cache = await caches.open(store);
    if (answer && answer.status < 500) {
      if (answer.headers.get("ETag") === '"' + build + '"') { await cache.put(base, answer.clone()); }
      return answer;
    }
    return await cache.match(base) || answer || Response.error();
  }

  /* Their addresses change with what is in them. */
  async function kept(request) {
    const cache = await caches.open(store), before = await cache.match(request);
    if (before) { return before; }
    const answer = await fetch(request);
    if (answer.ok) { await cache.put(request, answer.clone()); }
    return answer;
  }

  self.addEventListener("install", function (event) { event.waitUntil(keep()); });
  self.addEventListener("activate", function (event) { event.waitUntil(begin()); });
  self.addEventListener("fetch", function (event) {
    const request = event.request, url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) { return; }
    if (request.mode === "navigate") {
      if (url.pathname === base) { event.respondWith(enter(request)); }
    } else if (url.pathname.startsWith(base + "/") && (FOR_EVER.test(url.pathname.slice(base.length)) || url.searchParams.has("v"))) {
      event.respondWith(kept(request));
    }
  });
}());
