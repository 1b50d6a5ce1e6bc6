// SPDX-License-Identifier: MIT
//
// The tracker. It sends events to the PixelIngest that served it and stores nothing on the device.
//
//   <script async src="https://track.example.com/p.js" data-user-id="u1"></script>
//
// Attributes of the tag that begin with `data-` are sent with every event: data-user-id is user_id. But for
//   data-auto="off"    no page views by itself
//   data-via="image"   only pixels: where no PixelIngest takes a POST, as behind a bucket
//
// track('signup', { value: 5 }) sends an event. A click on an element with data-track="signup"
// data-track-value="5" does the same. Lines that are only a comment are not served.
(function (window, document, navigator, script) {
  var base = script.src.replace(/p\.js.*/, '');
  var defaults = {};
  var options = {};
  // Events that could not be sent, only in memory.
  var waiting = [];
  var failures = 0;
  var timer;
  var page;

  function fields(element, prefix, into, skipped) {
    Array.prototype.forEach.call(element.attributes, function (each) {
      if (!each.name.indexOf(prefix)) {
        var name = each.name.slice(prefix.length).replace(/-/g, '_');
        (skipped && skipped.test(name) ? options : into)[name] = each.value;
      }
    });
    return into;
  }

  function copy(from, to) {
    for (var name in from) if (from[name] != null) to[name] = from[name];
    return to;
  }

  function track(type, more) {
    var event = copy(more, copy(defaults, {
      type: type,
      page_url: location.href,
      page_title: document.title,
      page_referrer: page ? page.referrer : document.referrer,
      client_time: new Date().toISOString()
    }));
    // Their own word for "do not": the header says so too, but a request log knows only the URL.
    if (navigator.globalPrivacyControl) event.gpc = 1;
    send([event]);
  }

  // Beacon, then fetch, then image: each is tried where the one before is missing or refuses.
  function send(events, isLast) {
    var body = JSON.stringify(events);
    var url = base + 'events';
    if (options.via == 'image') return events.forEach(image);
    try {
      if (navigator.sendBeacon && navigator.sendBeacon(url, body)) return;
    } catch (error) {}
    if (!window.fetch) return events.forEach(image);
    fetch(url, { method: 'POST', body: body, keepalive: body.length < 6e4, credentials: 'omit' })
      .then(function (answer) {
        // A 4xx stays one however often it is sent.
        if (answer.status > 499 || answer.status == 429) throw answer;
        failures = 0;
      })
      .catch(function () { if (!isLast) later(events); });
  }

  // Objects in a query as a POST's become: a.b=1, tags=x&tags=y, items[0].sku=x, a.tags[]=x. Inside an object a
  // text that looks like a number has its first character encoded, and a key its dots.
  function pairs(name, value, into, isInside) {
    var isList = Array.isArray(value);
    if (value == null) return into;
    if (typeof value != 'object') {
      var text = encodeURIComponent(value);
      if (isInside && /^(true|false|-?[\d.]+)$/.test(value) && typeof value == 'string')
        text = '%' + text.charCodeAt(0).toString(16) + text.slice(1);
      into.push(name + '=' + text);
    } else if (isList && !value.some(function (each) { return each && typeof each == 'object'; }))
      value.forEach(function (each) { pairs(isInside ? name + '%5B%5D' : name, each, into, isInside); });
    else for (var key in value) {
      var step = encodeURIComponent(key);
      if (name) step = isList ? '%5B' + step + '%5D' : '.' + step.replace(/\./g, '%2E');
      pairs(name + step, value[key], into, !!name);
    }
    return into;
  }

  function image(event) {
    var pixel = new Image();
    pixel.onerror = function () { later([event]); };
    pixel.src = base + 'pixel.gif?' + pairs('', event, []).join('&');
  }

  function later(events) {
    waiting = waiting.concat(events).slice(-100);
    clearTimeout(timer);
    if (failures++ < 8) timer = setTimeout(again, 1e3 * Math.pow(2, failures));
  }

  function again(isLast) {
    var events = waiting;
    waiting = [];
    if (events.length) send(events, isLast === true);
  }

  // A new page is a new address, not counting what stands behind the #.
  function view() {
    var address = location.href.split('#')[0];
    if (page && page.address == address) return;
    page = { address: address, referrer: page ? page.address : document.referrer };
    track('page_view');
  }

  fields(script, 'data-', defaults, /^(auto|via)$/);
  if (options.auto != 'off') {
    ['pushState', 'replaceState'].forEach(function (name) {
      var original = history[name];
      history[name] = function () {
        original.apply(this, arguments);
        // The page sets its title after the address.
        setTimeout(view);
      };
    });
    addEventListener('popstate', view);
    view();
  }
  document.addEventListener('click', function (click) {
    var element = click.target.closest && click.target.closest('[data-track]');
    if (element) track(element.getAttribute('data-track'), fields(element, 'data-track-', {}));
  }, true);
  addEventListener('pagehide', function () { again(true); });

  // What was called before this script had loaded.
  var queue = window.track && window.track.q || [];
  window.track = track;
  queue.forEach(function (each) { track.apply(null, each); });
})(window, document, navigator, document.currentScript);
