// SPDX-License-Identifier: MIT
// Usage: node tracker_case.js base|retry JSON
// The tracker without a browser. base: to which URL a tag with this src sends. retry: how many of the events, one in
// each outage, come through.
const { make } = require('./tracker_page.js')

function answer(status) {
  return {
    status, ok: status < 300, type: 'cors', redirected: false, headers: { get: () => null },
    text: async () => '', json: async () => ({}),
  }
}

async function base(src) {
  let url
  const see = seen => { url = url || String(seen) }
  const page = make({
    src, imageImpl() {},
    beacon: seen => { see(seen); return true },
    fetchImpl: seen => { see(seen); return Promise.resolve(answer(204)) },
  })
  page.track('x')
  await page.advance(2000)
  return { url }
}

async function retry({ via, outages, gap_s }) {
  const got = new Set()
  let down = false
  const take = body => [].concat(JSON.parse(body)).forEach(event => got.add(event.type))
  const image = {
    via: 'image',
    imageImpl(url, image) {
      const failed = down
      if (!failed) got.add(/[?&]type=([^&]*)/.exec(url)[1])
      setImmediate(() => {
        const told = failed ? image.onerror : image.onload
        if (told) told.call(image, {})
      })
    },
  }
  // The page's 64 KiB are used up: a fetch with keepalive fails at once, one without gets through.
  const quota = {
    imageImpl() {},
    beacon(url, body) {
      if (down) return false
      take(body)
      return true
    },
    fetchImpl(url, options) {
      if (down || options.keepalive) return Promise.reject(new TypeError('quota'))
      take(options.body)
      return Promise.resolve(answer(204))
    },
  }
  const page = make(via === 'image' ? image : quota)
  for (let number = 1; number <= outages; number++) {
    down = true
    page.track('e' + number)
    await page.advance(500)
    down = false
    await page.advance(gap_s * 1e3)
  }
  return { got: got.size }
}

const [form, text] = process.argv.slice(2)
const run = { base, retry }[form]
run(JSON.parse(text)).then(result => console.log(JSON.stringify(result)))
