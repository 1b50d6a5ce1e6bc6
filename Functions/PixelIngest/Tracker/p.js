// SPDX-License-Identifier: MIT
//
// The tracker: <script async src="https://track.example.com/p.js" data-user-id="u1"></script>
// What it does, and why: README.md beside it. e is an event, b a batch of them, f a function, n a name, v a value.
// It works as it is. PixelIngest serves it without comments and spaces, with its own names and credentials in the
// last line, and with a letter for each of these names, none of which is a key:
// Shortened when served: size title image old bare defaults after script gone element track pixelURL start json
// Shortened when served: take next path consent visit again url leave address isRepeat isReplaced commit more
// Shortened when served: page done referrer bad original view pixel begin list stub warn until resume alive bytes
// Shortened when served: timer mine warned into fields automate pauses prefix all result wait raw most send plain
// Shortened when served: on safe events hooked now
((path, pixel, consent, credentials) => {
  // Each event that is not known to have arrived, oldest first, and how it stands: 0 waits, 1 is in a request that
  // ends with the page, 2 in one that outlives it.
  const events = new Map(), list = most => [...events.keys()].filter(e => events.get(e) <= most);
  // While the page is hidden: what went by beacon.
  let gone, alive = 0, pauses = 0, timer, until, warned, hooked, commit = () => {}, title, page, referrer = document.referrer;
  let url, pixelURL, auto, image, hash, base, defaults;

  // Nothing may throw into the page.
  const safe = f => (...v) => { try { return f(...v) } catch {} };
  const on = (n, f) => addEventListener(n, safe(f), 1);
  const warn = v => warned = warned || console.warn('p.js: ' + v) || 1;
  const now = () => new Date().toISOString();
  const bytes = v => new Blob([v]).size;
  const json = v => JSON.stringify(v, plain);

  // Some libraries give arrays, or all objects, a toJSON that makes text of them.
  function plain(n, v) {
    const raw = this[n];
    return typeof raw == 'bigint' ? '' + raw : Array.isArray(raw) || Object(raw).toJSON == {}.toJSON ? raw : v;
  }

  const fields = (element, prefix, into = {}) => {
    for (const { name, value } of element.attributes) if (!name.indexOf(prefix)) {
      const n = name.slice(prefix.length).replace(/-/g, '_');
      into[n] = n == 'tags' ? value.split(';') : value;
    }
    return into;
  };

  const track = safe((type, more) => {
    const e = {};
    [{
      type,
      page_url: location.href,
      page_title: document.title,
      page_referrer: referrer || null,
      client_time: now(),
      client_event_id: crypto.getRandomValues(new Uint32Array(4)).join(''),
      language: navigator.language,
      screen: screen.width + 'x' + screen.height
    }, defaults, more,
    // Their own word for "do not": the header says so too, but a request log knows only the URL.
    navigator.globalPrivacyControl && { gpc: 1 }].map(v =>
      // A value that has no JSON is left out alone.
      Object.keys(Object(v)).map(safe(n => {
        if (v[n] != null) e[n] = JSON.parse(json(v[n]));
      })));
    wait([e]);
    send();
    if (gone) leave();
  });

  // Of more than 100 the oldest goes, and the next tells how many went.
  const wait = b => b.map(e => {
    events.set(e, 0);
    const all = list(0), next = all[1];
    if (all[100]) {
      next.tracker_dropped = 1 + (next.tracker_dropped | 0) + (all[0].tracker_dropped | 0);
      events.delete(all[0]);
    }
  });

  // What goes in one request: an image has one event.
  const take = b => {
    let size = 0;
    return b.filter((e, i) => !i | (size += bytes(json(e)) + image * 6e4) < 59e3);
  };

  const address = e => pixelURL + '?' + new URLSearchParams(Object.entries(e).flatMap(([n, v]) =>
    (Array.isArray(v) && typeof v[0] != 'object' ? v : [v]).map(v => [n, typeof v == 'object' ? json(v) : v])));

  const send = (b = timer ? [] : take(list(0)), isRepeat) => {
    if (!b[0]) return;
    // Requests with keepalive outlive the page: 64 KiB of them, those of other scripts included.
    const body = json(b), begin = Date.now();
    let size = bytes(body);
    const keepalive = !image && !isRepeat && alive + size <= 65536 && !(self.Request && !('keepalive' in Request.prototype));
    const done = safe(({ status, headers }) => {
      if (!size) return;
      if (keepalive) alive -= size;
      size = 0;
      // Too much for keepalive fails like all else, but at once.
      if (status > 599 && keepalive && !image && Date.now() - begin < 99) send(b, 1);
      else if (status > 499 || status == 429 || status == 408) {
        const after = Math.min(1e3 * (headers && headers.get('Retry-After')) || 0, 36e5);
        until = Date.now() + after;
        wait(b);
        // From 2 s to 5 min, a quarter more or less.
        timer = timer || setTimeout(again, Math.max(after, Math.min(2e3 * 2 ** pauses++, 3e5) * (.75 + Math.random() / 2)));
      } else {
        if (status > 399) warn(url + ' ' + status + '. 401: set data-via="image", 403: ALLOWED_ORIGINS');
        b.map(e => events.delete(e));
        pauses = 0;
        send();
      }
      if (gone) leave();
    });
    const bad = () => done({ status: 600 });
    if (keepalive) alive += size;
    b.map(e => events.set(e, keepalive ? 2 : 1));
    setTimeout(bad, 3e4);
    if (image) {
      const v = address(b[0]), i = new Image();
      if (gone) gone.push(...b);
      i.onload = done;
      i.onerror = bad;
      // No server takes a longer address.
      if (v[16e3]) done({ status: 414 });
      else i.src = v;
    } else fetch(url, { method: 'POST', body, keepalive, credentials }).then(done, bad);
  };

  const again = safe(() => {
    clearTimeout(timer);
    timer = 0;
    send();
  });
  const resume = () => Date.now() < until || again();

  // On the way out, perhaps: nobody sees how a beacon ends, so its events stay here.
  const leave = () => {
    commit();
    gone = gone || [];
    for (let b; (b = take(list(1).filter(e => !gone.includes(e))))[0];) {
      gone.push(...b);
      if (image || !navigator.sendBeacon || !navigator.sendBeacon(url, json(b))) b.map(e => new Image().src = address(e));
    }
  };

  // A page is an address, not counting what stands behind the # without data-hash="on". Where it is only
  // replaced, its query does not count either.
  const visit = isReplaced => {
    const old = page, bare = v => isReplaced ? v.replace(/\?[^#]*/, '') : v;
    page = location.href.replace(hash == 'on' ? '' : /#.*/, '');
    if (old && bare(old) == bare(page)) return;
    commit();
    referrer = old || referrer;
    view();
  };

  // An application sets the title of its new page late: a frame, idle time, at most a second.
  const view = () => {
    let more = { page_url: location.href, client_time: now() };
    const mine = commit = () => {
      const v = more;
      more = 0;
      if (v) {
        title = document.title;
        track('page_view', v);
      }
    };
    if (document.title && !title) return mine();
    setTimeout(mine, 1e3);
    requestAnimationFrame(() => (self.requestIdleCallback || setTimeout)(() => document.title != title && mine()));
  };

  const automate = () => {
    if (!hooked) {
      hooked = 1;
      ['pushState', 'replaceState'].map(n => {
        const original = history[n], f = safe(visit);
        history[n] = function () {
          const result = original.apply(this, arguments);
          f(n == 'replaceState');
          return result;
        };
      });
      on('popstate', () => visit());
      on('pageshow', e => e.persisted && view(title = 0));
    }
    visit();
  };

  const start = safe(() => {
    const stub = self.track || {};
    if (stub.on) return;
    self.track = track;
    track.on = 1;
    track.consent = safe(v => {
      defaults[consent] = v ? null : 0;
      v && automate();
    });
    on('click', ({ target }) => {
      const element = target.closest('[data-track]');
      if (element) track(element.getAttribute('data-track'), fields(element, 'data-track-'));
    });
    on('pagehide', leave);
    on('visibilitychange', () => document.hidden ? leave() : resume(gone = 0));
    on('online', resume);
    on('securitypolicyviolation', ({ blockedURI, disposition }) => {
      if (disposition == 'report') return;
      if (blockedURI == url) {
        image = 1;
        again();
      } else if (image && !blockedURI.indexOf(pixelURL)) {
        clearTimeout(timer);
        timer = 1;
        warn('blocked by CSP');
      }
    });
    if (stub.c != null) track.consent(stub.c);
    if (auto != 'off') automate();
    (stub.q || []).map(e => track(...e));
  });

  try {
    const script = document.currentScript || document.querySelector('script[data-base]');
    ({ auto, via: image, hash, base, ...defaults } = fields(script, 'data-'));
    image = image == 'image' | !self.fetch;
    [url, pixelURL] = [path, pixel].map(n => new URL(n, base ? base.replace(/\/?$/, '/') : script.src).href);
  } catch {
    return warn('needs data-base');
  }
  document.prerendering ? on('prerenderingchange', start) : start();
})('events', 'pixel.gif', 'consent', 'omit');
