/* The page of a waiting-area screen. ES2018 and Chrome 69 only: television boxes have old browsers.
   What comes from outside is text, never HTML. The box's clock is never used: it is often wrong. */
(function () {
  "use strict";

  const STALE_S = 15, DEAD_S = 12, LONGEST_WAIT_S = 5, POLL_S = 0.9, NEW_S = 10, RELOAD_AFTER_H = 20, RELOAD_HOUR = 4;
  const OPEN_S = 6, ANSWER_S = 4;  /* a browser may hold a socket back for 5 s by itself, after many that failed */
  const KEEP_S = 60, RECALL_S = 1.5, FEW = 200, MORE_FRAMES = 6, BLINK_S = 0.75, BLINKS = 4;
  const base = "/screens/" + document.body.dataset.screen, keepsake = base + "/kept";
  const store = "hall-screen:" + base + "?" + document.body.dataset.build;  /* that of our worker */
  const keeps = isSecureContext && "serviceWorker" in navigator;  /* over plain HTTP no browser lets it */
  const clockFace = new Intl.DateTimeFormat("en-GB", {
    timeZone: document.body.dataset.zone, hour: "2-digit", minute: "2-digit", hour12: false
  });
  const at = function (id) { return document.getElementById(id); };
  const seconds = function () { return performance.now() / 1000; };
  const started = seconds(), site = at("title").textContent;

  let socket = null, failures = 0, retry = 0, blinking = 0, checked = false;
  let recalled = false, lastHeard = null, keptAt = -Infinity, keptRev = -1;
  let run = "", rev = 0, greeted = false, content = null, beatS = 5, hideAfterMin = 10;
  let offset = null, heard = started, beaten = -Infinity, polled = -Infinity, polling = false, changed = started;
  let renderedAt = null, renderMs = null, fps = null, done = null, doneRun = null, failed = null, failedRun = null, failedRev = null, forbidden = false;
  let received = 0, shifted = -1, identifyUntil = 0, shownRun = "", shownRev = 0, layoutDue = false;
  const page = Array.from(crypto.getRandomValues(new Uint8Array(8)), function (byte) {
    return byte.toString(16).padStart(2, "0");
  }).join("");

  const leaflets = window.hallLeaflets({ base: base, fit: fit });
  const speech = window.hallSpeech({ base: base, now: serverNow, changed: beat });

  /* time: the server's, carried on by this page's monotonic clock */

  function serverNow() { return offset === null ? null : performance.now() + offset; }

  function face(milliseconds) { return clockFace.format(new Date(milliseconds)); }

  /* the wire */

  function connect() {
    clearTimeout(retry);
    const scheme = location.protocol === "https:" ? "wss://" : "ws://";
    let opening;
    try {
      opening = new WebSocket(scheme + location.host + base + "/live");
    } catch (error) {
      lost(null, LONGEST_WAIT_S);
      return;
    }
    socket = opening;
    const limit = setTimeout(function () {  /* it may wait for minutes, on a path that is whole again by now */
      lost(opening, 0.5);
      opening.close();
    }, 1000 * OPEN_S);
    opening.onopen = function () { clearTimeout(limit); greeted = false; beat(); };
    opening.onmessage = function (event) { if (socket === opening) { take(event.data); } };
    opening.onclose = function () { clearTimeout(limit); lost(opening, LONGEST_WAIT_S); };
  }

  function lost(which, longestWait) {
    if (which !== socket) { return; }
    socket = null;
    checked = false;
    failures += 1;
    const longest = Math.min(longestWait, 0.5 * Math.pow(2, failures - 1));
    clearTimeout(retry);
    retry = setTimeout(connect, 1000 * longest * (0.5 + Math.random() / 2));
  }

  function isOpen() { return socket !== null && socket.readyState === WebSocket.OPEN; }

  function state(gone) {
    return JSON.stringify({
      page: page, run: shownRun, rev: shownRev, want: !greeted, sent: performance.now(), build: document.body.dataset.build,
      viewport: innerWidth + "x" + innerHeight, rendered_at: renderedAt, render_ms: renderMs, fps: fps,
      speech: speech.state(), said_run: speech.run(), said: speech.said(), hidden: document.hidden, gone: gone, stale: document.body.classList.contains("stale"), done: done, done_run: doneRun,
      mark: content !== null && shownRun === run && shownRev === rev ? mark() : null,
      failed: failed, failed_run: failedRun, failed_rev: failedRev
    });
  }

  function beat() {
    beaten = seconds();
    if (isOpen()) { socket.send(state(false)); } else { poll(); }
  }

  /* What was said before may come after the next page has come, by a path that was broken: it must not count any more. */
  function leave() {
    if (navigator.sendBeacon) { navigator.sendBeacon(base + "/poll", state(true)); }
  }

  /* where a WebSocket does not come through: the same messages by HTTP */
  function poll() {
    if (polling || failures < 2) { return; }
    polling = true;
    polled = seconds();
    const stop = new AbortController(), limit = setTimeout(function () { stop.abort(); }, 1000 * ANSWER_S);
    fetch(base + "/poll", { method: "POST", body: state(false), credentials: "same-origin", cache: "no-store", signal: stop.signal })
      .then(function (answer) {
        forbidden = answer.status === 401 || answer.status === 403;
        if (forbidden) { forget(); }
        return answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)));
      })
      .then(function (text) { if (!isOpen()) { greeted = true; take(text); greeted = false; } })
      .catch(function () { /* the banner tells */ })
      .then(function () { clearTimeout(limit); polling = false; });
  }

  function take(text) {
    const message = JSON.parse(text);
    heard = seconds();
    forbidden = false;
    if (isOpen()) { failures = 0; }
    received = performance.now();
    if (message.kind === "answer") { answered(message); }
    if (message.kind === "snapshot") { snapshot(message); }
    if (message.kind === "delta") { delta(message); }
    if (message.kind === "order") { obey(message); }
    if (message.kind === "say") { speech.take(message); }
    if (!at("stale").hidden || at("clock").textContent === "--:--") { tick(); }
  }

  function answered(message) {
    offset = message.now + (performance.now() - message.sent) / 2 - performance.now();
    if (message.run !== doneRun) {  /* another run of the gateway counts its orders anew */
      doneRun = message.run;
      done = message.last_order;
    }
    if (message.snapshot) { snapshot(message.snapshot); }
    message.orders.forEach(obey);
    speech.answered(message.run, message.says);
    if (!checked) { checked = true; reload(true); }
  }

  function snapshot(message) {
    const same = message.run === run && message.rev === rev && content !== null;
    greeted = true;
    beatS = message.beat_s;
    hideAfterMin = message.hide_after_min;
    if (message.afresh) {
      at("rows").textContent = "";
      leaflets.clear();
    }
    if (!same) { show(message.run, message.rev, message.content); }
  }

  function delta(message) {
    if (message.run !== run || message.base !== rev) {
      greeted = false;
      beat();
      return;
    }
    const next = Object.assign({}, content, message.set);
    if (message.add.length || message.drop.length) {
      const kept = (content.rows || []).filter(function (row) { return message.drop.indexOf(row.id) < 0; });
      next.rows = message.add.concat(kept);
    }
    show(message.run, message.rev, next);
  }

  function obey(order) {
    if (order.run !== doneRun || order.id <= done) { return; }
    done = order.id;
    if (order.what === "identify") { identifyUntil = seconds() + order.seconds; }
    beat();
    if (order.what === "reload") { setTimeout(function () { reload(false); }, 300); }
  }

  /* Never reload while the gateway is away: a browser's error page would stay. */
  function reload(onlyWhenNew) {
    const stop = new AbortController(), limit = setTimeout(function () { stop.abort(); }, 1000 * ANSWER_S);
    fetch(location.pathname, { method: "HEAD", credentials: "same-origin", cache: "no-store", signal: stop.signal })
      .then(function (answer) {
        const build = (answer.headers.get("ETag") || "").replace(/^W\/|"/g, "");
        if (answer.ok && !(onlyWhenNew && build === document.body.dataset.build)) { location.reload(); }
      })
      .catch(function () { checked = false; })
      .then(function () { clearTimeout(limit); });
  }

  /* what is seen */

  function show(newRun, newRev, newContent) {
    try {
      render(newContent);
    } catch (error) {
      failed = String(error).slice(0, 200);
      failedRun = newRun;
      failedRev = newRev;
      beat();
      return;
    }
    run = newRun;
    rev = newRev;
    content = newContent;
    recalled = false;
    changed = seconds();
    failed = failedRun = failedRev = null;
    report(received);
  }

  /* Two frames later it is on the glass; a page that nobody sees gets no frames, and says nothing. */
  function report(since) {
    requestAnimationFrame(function () {
      requestAnimationFrame(function () {
        if (shownRun === run && shownRev === rev) { return; }
        renderMs = performance.now() - since;
        renderedAt = serverNow() === null ? null : Math.round(serverNow());
        shownRun = run;
        shownRev = rev;
        beat();
      });
    });
  }

  function element(name, kind, text) {
    const made = document.createElement(name);
    made.className = kind;
    made.textContent = text;
    return made;
  }

  function made(row) {
    const item = element("li", "", "");
    item.dataset.id = row.id;
    item.appendChild(element("bdi", "ticket", row.ticket));
    item.appendChild(element("bdi", "priority", row.priority || ""));
    item.appendChild(element("bdi", "window", row.window));
    item.appendChild(element("bdi", "name", row.name || ""));
    item.appendChild(element("time", "at", face(row.at)));
    return item;
  }

  function render(next) {
    const board = next.rows !== null;
    if (board) { renderRows(next.rows); }
    const notice = board ? next.text || next.notice : "";
    put("notice", notice);
    put("text", board ? "" : next.text);
    at("text").className = next.colour;
    say("title", next.title || site);
    const sheets = board ? next.leaflets : [], free = sheets.length > 0 && next.rows.length === 0;
    at("rows").hidden = !board || next.rows.length === 0;
    at("empty").hidden = board ? next.rows.length > 0 : next.text !== "";
    at("leaflets").hidden = sheets.length === 0;
    document.body.classList.toggle("free", free);
    leaflets.render(sheets);
    leaflets.show(serverNow() || performance.now());
    at("rows").dataset.size = String(next.size);
    at("dark").hidden = next.lit;
    layoutSoon();
  }

  /* What tells one content from another, read from the document: 32-bit FNV-1a, as the driver has it of what it sent. */
  function mark() {
    const text = function (id) { return at(id).hidden ? "" : at(id).textContent; };
    let parts = [content.title ? text("title") : "", text("notice"), text("text"), at("dark").hidden ? "lit" : "dark"];
    Array.from(at("rows").children).forEach(function (item) {
      parts = parts.concat(Array.from(item.querySelectorAll("bdi"), function (cell) { return cell.textContent; }));
    });
    const whole = parts.concat(leaflets.texts()).join("\u001f");
    let value = 0x811c9dc5;
    for (let place = 0; place < whole.length; place += 1) { value = Math.imul(value ^ whole.charCodeAt(place), 0x01000193); }
    return (value >>> 0).toString(16).padStart(8, "0");
  }

  function say(id, text) {
    if (at(id).textContent !== text) { at(id).textContent = text; }
  }

  function put(id, text) {
    say(id, text);
    at(id).hidden = text === "";
  }

  /* Rows that stay are left alone, so that a screen reader reads only what is new. */
  function renderRows(rows) {
    const list = at("rows"), before = new Map(), now = serverNow();
    Array.from(list.children).forEach(function (item) { before.set(item.dataset.id, item); });
    rows.forEach(function (row, place) {
      const known = before.get(row.id), whole = JSON.stringify(row);
      let item = known;
      if (known && known.dataset.whole === whole) {
        before.delete(row.id);
      } else {  /* a row that says something else by now is another row */
        item = made(row);
        item.dataset.whole = whole;
        if (!known && (now === null || now - row.at < 1000 * NEW_S)) { highlight(item); }
      }
      if (list.children[place] !== item) { list.insertBefore(item, list.children[place] || null); }
      item.classList.toggle("newest", place === 0);
    });
    before.forEach(function (item) { item.remove(); });
    list.classList.toggle("nameless", !rows.some(function (row) { return row.name; }));
    list.classList.toggle("usual", !rows.some(function (row) { return row.priority; }));
  }

  /* What is new blinks for 3 s, then stands; all of it together, so that a burst costs a weak box one change of style in
     0.75 s. No animation: that would keep it busy at every frame. */
  function highlight(item) {
    const list = at("rows");
    let turns = 0;
    item.classList.add("new");
    list.classList.remove("dim");
    clearInterval(blinking);
    blinking = setInterval(function () {
      turns += 1;
      list.classList.toggle("dim", turns % 2 === 1);
      if (turns === BLINKS) {
        clearInterval(blinking);
        Array.from(list.querySelectorAll(".new")).forEach(function (each) { each.classList.remove("new"); });
      }
    }, 1000 * BLINK_S);
  }

  /* Before the next frame, once, however many messages come until then. */
  function layoutSoon() {
    if (layoutDue) { return; }
    layoutDue = true;
    requestAnimationFrame(function () {
      layoutDue = false;
      layout();
    });
  }

  /* Everything is seen whole: letters are as large as the screen allows, and smaller where a text is long.
     What was measured is not measured again: every look at a size costs a layout of the page. */
  function layout() {
    const list = at("rows"), room = at("text").parentElement, size = Math.max(1, Number(list.dataset.size) || 8);
    fit(at("notice"), innerHeight * (at("notice").textContent.length > FEW ? 0.25 : 0.14), Math.min(innerHeight, innerWidth) * 0.05);
    const height = room.clientHeight, width = room.clientWidth, measure = [size, width, height].join();
    list.style.fontSize = Math.floor(Math.min(height / size * 0.6, width * 0.075)) + "px";
    list.style.setProperty("--size", String(size));
    fitCells(Array.from(list.children).filter(function (item) { return item.dataset.measure !== measure; }), measure);
    fit(at("text"), height * 0.95, Math.min(height * 0.7, width * 0.3));
    leaflets.layout();
  }

  /* A font that has come is wider or narrower than the one that stood in for it. */
  function measureAnew() {
    Array.from(document.querySelectorAll("[data-measure]")).forEach(function (each) { each.dataset.measure = ""; });
    layoutSoon();
  }

  function fitCells(items, measure) {
    let cells = [];
    items.forEach(function (item) {
      item.dataset.measure = measure;
      cells = cells.concat(Array.from(item.children));
    });
    cells.forEach(function (cell) { cell.style.fontSize = ""; });
    for (let tries = 0; tries < 8 && cells.length; tries += 1) {
      cells = cells.filter(function (cell) { return cell.scrollWidth > cell.clientWidth; });
      const sizes = cells.map(function (cell) {
        return 0.97 * parseFloat(getComputedStyle(cell).fontSize) * cell.clientWidth / cell.scrollWidth;
      });
      cells.forEach(function (cell, place) { cell.style.fontSize = sizes[place] + "px"; });
    }
  }

  function fit(box, height, largest) {
    const measure = [box.hidden, box.textContent, innerWidth, box.clientWidth, height, largest].join();
    if (box.dataset.measure === measure) { return; }
    box.dataset.measure = measure;
    let size = largest;
    for (let tries = 0; tries < 40 && !box.hidden; tries += 1) {
      box.style.fontSize = size + "px";
      if (box.scrollWidth <= box.clientWidth && box.offsetHeight <= height) { return; }
      size *= 0.92;
    }
  }

  /* what a page that is loaded while the gateway is away shows: the last content, marked as old */

  function keep() {
    if (!keeps || forbidden || content === null || recalled) { return; }
    if (rev === keptRev && seconds() - keptAt < KEEP_S) { return; }
    keptRev = rev;
    keptAt = seconds();
    const kept = { content: content, hide: hideAfterMin, at: serverNow(), box: Date.now() };
    caches.open(store).then(function (cache) { return cache.put(keepsake, new Response(JSON.stringify(kept))); })
      .catch(function () { /* no room: it comes up empty */ });
  }

  /* How long ago that was only the box can tell; where its clock went back, nobody can, and the numbers stay hidden. */
  function recall() {
    if (!keeps || heard !== started) { return; }
    caches.match(keepsake).then(function (found) { return found && found.json(); }).then(function (kept) {
      if (!kept || heard !== started) { return; }
      const age = (Date.now() - kept.box) / 1000;
      render(kept.content);
      recalled = true;
      hideAfterMin = kept.hide;
      lastHeard = kept.at;
      heard = age >= 0 ? seconds() - age : -Infinity;
      tick();
    }).catch(function () { /* what was kept is of no use: it comes up empty */ });
  }

  function forget() {
    if (keeps) { caches.delete(store); }
  }

  /* once a second */

  function tick() {
    const now = serverNow(), silent = seconds() - heard;
    say("clock", now === null ? "--:--" : face(now));
    const stale = silent > STALE_S || forbidden || recalled;
    document.body.classList.toggle("stale", stale);
    document.body.classList.toggle("outdated", silent > 60 * hideAfterMin);
    at("stale").hidden = !stale;
    at("hidden-note").hidden = !document.body.classList.contains("outdated");
    say("why", forbidden ? "此屏幕的密钥已失效 this screen's key is no longer valid" : "与服务器的连接已中断 no connection");
    const since = now === null ? lastHeard : now - 1000 * silent;
    say("since", since === null ? "" : "自 since " + face(since));
    at("plain").hidden = isSecureContext;
    leaflets.show(now === null ? performance.now() : now);
    at("identify").hidden = seconds() >= identifyUntil;
    shift();
  }

  /* A picture that never moves burns into the glass: one or two pixels a minute. */
  function shift() {
    const minute = Math.floor(seconds() / 60);
    if (minute === shifted) { return; }
    shifted = minute;
    const path = [[0, 0], [2, 0], [2, 2], [0, 2], [-2, 2], [-2, 0], [-2, -2], [0, -2]][minute % 8];
    at("shift").style.transform = "translate(" + path[0] + "px, " + path[1] + "px)";
  }

  function everySecond() {
    tick();
    keep();
    if (isOpen() && seconds() - heard > DEAD_S) {
      const dead = socket;
      lost(dead, LONGEST_WAIT_S);
      dead.close();
    }
    if (isOpen() ? seconds() - beaten >= beatS : seconds() - polled >= POLL_S) { countFrames(); beat(); }
    const now = serverNow();
    const quiet = seconds() - changed > 600 && seconds() - started > 3600 * RELOAD_AFTER_H;
    if (quiet && now !== null && Number(face(now).slice(0, 2)) === RELOAD_HOUR) {
      changed = seconds();
      reload(false);
    }
  }

  function countFrames() {
    let first = null, count = 0;
    function frame(time) {
      if (first === null) { first = time; }
      if (count === MORE_FRAMES) { fps = Math.round(1000 * count / Math.max(1, time - first)); return; }
      count += 1;
      requestAnimationFrame(frame);
    }
    requestAnimationFrame(frame);
  }

  function register() {
    navigator.serviceWorker.register(base + "/worker.js?v=" + document.body.dataset.build, { scope: base })
      .catch(function () { /* the gateway is away: the worker of before goes on */ });
  }

  if (location.search) { history.replaceState(null, "", location.pathname); }  /* the kept page answered for the key's */
  if (keeps) { register(); }
  if (document.fonts) { document.fonts.addEventListener("loadingdone", measureAnew); }
  setTimeout(recall, 1000 * RECALL_S);
  addEventListener("resize", layout);
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", beat);
  setInterval(everySecond, 1000);
  connect();
  tick();
}());
