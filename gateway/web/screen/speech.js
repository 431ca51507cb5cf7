/* The voice of a screen: one thing after the other, none cut off. By the browser's own voice where it has one for the
   language, else by audio of the gateway. A voice that hangs is given up, and so is audio that does not end. */
window.hallSpeech = function (page) {
  "use strict";

  const START_S = 4, SLACK = 1.5, HUNG_S = 600, MOST_SAID = 8;
  const FIRST_S = 1.5, HAN_S = 0.3, OTHER_S = 0.15;  /* as gateway/calls/speaking.py: slower than any voice */
  const waiting = [];
  let run = null, last = 0, said = [], busy = false, hungUntil = -Infinity, blocked = false;
  let kept = null;  /* browsers forget an utterance that nobody holds, and its end with it */

  function seconds() { return performance.now() / 1000; }

  function usual(text) {
    return Array.from(text).reduce(function (sum, letter) { return sum + (letter > "\u2e80" ? HAN_S : OTHER_S); }, FIRST_S);
  }

  /* A voice of this machine before one from elsewhere; Mandarin before what else is Chinese. */
  function voiceOf(language) {
    if (!window.speechSynthesis) { return null; }
    const wanted = language === "zh" ? [/^(zh|cmn)([-_](cn|hans))?$/i, /^(zh|cmn)/i] : [/^en/i];
    const all = Array.from(speechSynthesis.getVoices());
    const local = all.filter(function (voice) { return voice.localService; });
    const found = [].concat.apply([], [local, all].map(function (voices) {
      return wanted.map(function (pattern) { return voices.find(function (voice) { return pattern.test(voice.lang); }); });
    }));
    return found.find(function (voice) { return voice; }) || null;
  }

  function state() {
    if (blocked) { return "needs a touch"; }
    if (!window.speechSynthesis) { return "none"; }
    if (seconds() < hungUntil) { return "hung"; }
    return voiceOf("zh") ? "ready" : "no voice";
  }

  function block(on) {
    blocked = on;
    document.getElementById("touch").hidden = !on;
  }

  /* A page that comes new to a run says nothing of what others were asked before. */
  function answered(ofRun, says) {
    if (ofRun === run) {
      says.forEach(take);
    } else {
      run = ofRun;
      said = [];
      waiting.length = 0;
      last = says.reduce(function (most, say) { return Math.max(most, say.id); }, 0);
    }
  }

  function take(say) {
    if (say.run !== run || say.id <= last) { return; }
    last = say.id;
    waiting.push(say);
    next();
  }

  function next() {
    if (busy || !waiting.length) { return; }
    const say = waiting.shift(), now = page.now();
    busy = true;
    if (document.hidden) {
      ended(say, "", "nobody can see the page");
    } else if (now === null || now > say.until) {
      ended(say, "", "it came too late");
    } else {
      repeat(say, say.repeat);
    }
  }

  function repeat(say, left) {
    once(say, function (by, why) {
      if (by && left > 1) { repeat(say, left - 1); } else { ended(say, by, why); }
    });
  }

  function ended(say, by, why) {
    if (say.run === run) { said = said.concat([{ id: say.id, by: by, why: why.slice(0, 64) }]).slice(-MOST_SAID); }
    busy = false;
    page.changed();
    next();
  }

  function once(say, told) {
    const voice = seconds() < hungUntil ? null : voiceOf(say.language);
    if (voice === null) {
      play(say, told, seconds() < hungUntil ? "the voice hangs" : "no voice for " + say.language);
      return;
    }
    speak(say, voice, function (by, why) { if (by) { told(by, why); } else { play(say, told, why); } });
  }

  /* `told` is told once, by whoever comes first: what speaks, or the watchdog. */
  function watched(told, stop) {
    let limit = 0, open = true, begun = false;
    const watch = {
      end: function (by, why) {
        if (!open) { return; }
        open = false;
        clearTimeout(limit);
        told(by, why);
      },
      begin: function () { begun = true; },
      within: function (limitS) {
        clearTimeout(limit);
        limit = setTimeout(function () { if (open) { stop(begun, watch); } }, 1000 * limitS);
      }
    };
    return watch;
  }

  function speak(say, voice, told) {
    const words = new SpeechSynthesisUtterance(say.text);
    const watch = watched(told, function (begun, mine) {
      hungUntil = seconds() + HUNG_S;
      mine.end(begun ? "voice" : "", begun ? "" : "the voice hangs");
      speechSynthesis.cancel();
    });
    kept = words;
    words.voice = voice;
    words.lang = voice.lang;
    words.volume = say.volume / 100;
    words.onstart = function () { watch.begin(); watch.within(SLACK * usual(say.text)); };
    words.onend = function () { block(false); watch.end("voice", ""); };
    words.onerror = function (event) {
      if (event.error === "not-allowed") { block(true); }
      watch.end("", "the voice: " + event.error);
    };
    watch.within(START_S);
    if (speechSynthesis.speaking || speechSynthesis.pending) { speechSynthesis.cancel(); }  /* what hangs since long */
    speechSynthesis.speak(words);
  }

  function play(say, told, why) {
    if (!say.audio) {
      told("", why);
      return;
    }
    const sound = new Audio(page.base + "/voice/" + say.audio);
    const watch = watched(told, function (begun, mine) {
      sound.pause();
      mine.end(begun ? "audio" : "", begun ? "" : "the audio does not begin");
    });
    sound.volume = say.volume / 100;
    sound.onplaying = watch.begin;
    sound.onended = function () { block(false); watch.end("audio", ""); };
    sound.onerror = function () { watch.end("", why + ", and no audio came"); };
    watch.within(SLACK * usual(say.text));
    sound.play().catch(function (error) {
      if (error.name === "NotAllowedError") { block(true); }
      watch.end("", error.name === "NotAllowedError" ? "needs a touch" : "the audio: " + error.name);
    });
  }

  function touched() { if (blocked) { block(false); page.changed(); } }

  ["pointerdown", "keydown"].forEach(function (kind) { addEventListener(kind, touched); });
  voiceOf("zh");  /* browsers look for their voices when they are asked first */
  return { answered: answered, take: take, state: state, run: function () { return run; }, said: function () { return said; } };
};
