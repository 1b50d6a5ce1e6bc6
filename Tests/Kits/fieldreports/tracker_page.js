// SPDX-License-Identifier: MIT
// A page without a browser for the tracker: make(…) gives track() and a clock that advance(ms) moves. TRACKER names
// the tracker's file. beacon(url, body), fetchImpl(url, options) and imageImpl(url, image) stand for the network.
const fs = require('fs')
const path = require('path')
const vm = require('vm')

const START = Date.UTC(2026, 0, 2)

function make({ via, beacon, fetchImpl, imageImpl, src = 'https://track.example.com/p.js' }) {
  let now = 0
  const timers = []
  const listen = { addEventListener() {}, removeEventListener() {} }

  function setTimeout(work, ms = 0) {
    timers.push({ work, at: now + (+ms || 0) })
    return timers.length
  }
  function clearTimeout(id) {
    if (timers[id - 1]) timers[id - 1].work = null
  }

  const attributes = [{ name: 'src', value: src }, { name: 'data-auto', value: 'off' }]
  const dataset = { auto: 'off' }
  if (via) {
    attributes.push({ name: 'data-via', value: via })
    dataset.via = via
  }
  const element = {
    src, attributes, dataset, nonce: '', ...listen,
    getAttribute: name => (attributes.find(a => a.name === name) || { value: null }).value,
    hasAttribute: name => attributes.some(a => a.name === name),
  }
  const document = {
    currentScript: element, title: 'T', referrer: '', visibilityState: 'visible', hidden: false, prerendering: false,
    readyState: 'complete', documentElement: listen, querySelector: () => null, querySelectorAll: () => [],
    getElementsByTagName: () => [element], createElement: () => ({}), ...listen,
  }
  const navigator = { onLine: true, language: 'en', userAgent: 'test' }
  if (beacon) navigator.sendBeacon = beacon

  class Image {
    set src(url) { imageImpl(url, this) }
    setAttribute() {}
    addEventListener(name, work) { this['on' + name] = work }
  }
  class Clock extends Date {
    constructor(...given) { if (given.length) super(...given); else super(START + now) }
    static now() { return START + now }
  }

  const page = {
    document, navigator, location: new URL('https://shop.example.com/'),
    history: { pushState() {}, replaceState() {} }, screen: { width: 1280, height: 800 }, Image, Date: Clock,
    setTimeout, clearTimeout, setInterval: () => 0, clearInterval() {},
    requestAnimationFrame: work => setTimeout(() => work(now), 16), cancelAnimationFrame() {},
    requestIdleCallback: work => setTimeout(() => work({ didTimeout: false, timeRemaining: () => 5 }), 1),
    queueMicrotask, performance: { now: () => now, getEntriesByType: () => [] },
    crypto: globalThis.crypto || require('crypto').webcrypto, TextEncoder, URL, URLSearchParams, Blob,
    AbortController, console, ...listen, dispatchEvent() { return true },
  }
  if (fetchImpl) page.fetch = fetchImpl
  page.window = page.self = page.top = page.parent = page
  document.defaultView = page
  vm.createContext(page)
  const file = process.env.TRACKER
  vm.runInContext(fs.readFileSync(file, 'utf8'), page, { filename: path.basename(file) })

  async function settle() {
    for (let turn = 0; turn < 4; turn++) await new Promise(done => setImmediate(done))
  }
  async function advance(ms) {
    const end = now + ms
    for (;;) {
      await settle()
      const next = timers.filter(t => t.work && t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      now = Math.max(now, next.at)
      const work = next.work
      next.work = null
      work()
    }
    now = end
  }
  return { track: (...given) => page.track(...given), advance }
}

module.exports = { make }
