"""Uses the page of `metallb dashboard` as people do, in headless Chromium driven over its DevTools protocol.

Usage: dashboard-browser.py URL --kubectl PATH --kubeconfig FILE --proxy URL --pid PID [--shots DIRECTORY]

The cluster has a Service default/web that is well. Prints a line for everything that holds, and ends with 1 at the first thing
that does not. The dashboard, which is PID, reads its cluster through the fault proxy (fault-proxy.py), and is ended at the end.
"""

import argparse
import base64
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import websocket

parser = argparse.ArgumentParser()
parser.add_argument("url")
for name in ["kubectl", "kubeconfig", "proxy", "pid", "shots"]:
    parser.add_argument("--" + name)
options = parser.parse_args()
origin = options.url.split("/#")[0]


PR_SET_CHILD_SUBREAPER = 36


class Failure(Exception):
    pass


class Browser:
    """One tab, and everything that it complained of or asked for."""

    def __init__(self):
        # Chromium's own children outlive it, and write to the profile until they end: they become ours, to be waited for.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.profile = tempfile.mkdtemp(prefix="metallb-browser-")
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
             "--remote-debugging-port=0", "--remote-allow-origins=*", "--hide-scrollbars", f"--user-data-dir={self.profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        port = self.wait_for_port()
        target = next(one for one in json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json")) if one["type"] == "page")
        self.socket = websocket.create_connection(target["webSocketDebuggerUrl"], timeout=20)
        self.number = 0
        self.complaints = []
        self.requests = []
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"]:
            self.send(domain + ".enable")

    def wait_for_port(self):
        path = os.path.join(self.profile, "DevToolsActivePort")
        for _ in range(300):
            if os.path.exists(path) and (lines := open(path).read().split()):
                return lines[0]
            time.sleep(0.1)
        raise Failure("chromium does not start")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
            while True:
                os.wait()
        except (ProcessLookupError, ChildProcessError):
            pass
        shutil.rmtree(self.profile)

    def send(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                if "error" in message:
                    raise Failure(f"{method}: {message['error']}")
                return message["result"]
            self.note(message)

    def note(self, message):
        kind, facts = message.get("method"), message.get("params", {})
        if kind == "Runtime.exceptionThrown":
            details = facts["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif kind == "Runtime.consoleAPICalled" and facts["type"] in ("error", "warning", "assert"):
            self.complaints.append(str([one.get("value", one.get("description")) for one in facts["args"]]))
        elif kind == "Log.entryAdded" and facts["entry"]["level"] in ("error", "warning"):
            self.complaints.append(facts["entry"]["text"] + " " + facts["entry"].get("url", ""))
        elif kind == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])

    def run(self, script):
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failure(f"{script}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def until(self, what, script, within=20):
        """Waits until the script is truthy."""
        deadline = time.monotonic() + within
        while not (value := self.run(script)):
            if time.monotonic() > deadline:
                raise Failure(f"{what}: not within {within} s. The page says: {self.run('document.body.innerText')[:1500]}")
            time.sleep(0.05)
        print("ok", what, flush=True)
        return value

    def holds(self, what, script, within=0):
        """The script is true, at once or after a moment."""
        deadline = time.monotonic() + within
        while (value := self.run(script)) is not True:
            if time.monotonic() > deadline:
                raise Failure(f"{what}: {value}")
            time.sleep(0.05)
        print("ok", what, flush=True)

    def press(self, key, text=None):
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35}
        text = text or ("\r" if key == "Enter" else key if len(key) == 1 else None)
        facts = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **facts, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **facts)

    def size(self, width, height, mobile=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def media(self, scheme="light", motion="no-preference", kind=""):
        self.send("Emulation.setEmulatedMedia", media=kind, features=[
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}])

    def shoot(self, name, whole=False):
        if options.shots:
            os.makedirs(options.shots, exist_ok=True)
            shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
            with open(os.path.join(options.shots, name + ".png"), "wb") as file:
                file.write(base64.b64decode(shot["data"]))


def kubectl(*arguments, text=None):
    command = [options.kubectl, "--kubeconfig", options.kubeconfig, *arguments]
    subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL, timeout=30)


def service(name):
    kubectl("apply", "-f", "-", text=f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: default}}
spec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80}}]}}
""")


def pool(name):
    kubectl("apply", "-f", "-", text=f"""
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {{name: {name}, namespace: metallb-system}}
spec: {{addresses: [192.168.44.0/30]}}
""")


def faults(*rules):
    request = urllib.request.Request(options.proxy + "/faults", data=json.dumps(rules).encode(), method="PUT")
    urllib.request.urlopen(request, timeout=10).read()
    if rules:
        request = urllib.request.Request(options.proxy + "/watches", method="DELETE")
        urllib.request.urlopen(request, timeout=10).read()


row = "document.querySelector('#services tr[data-key=\"default/{}\"]')"
warnings = "document.getElementById('warnings').innerText"
state = "document.getElementById('connection')?.dataset.state"

# Text that is harder to read than WCAG 2.2 AA allows (1.4.3): 4.5 to 1, or 3 to 1 where it is large.
contrast = """
(() => {
  const parse = (text) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    context.fillStyle = text; context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const luminance = (colour) => colour.slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility() || element.closest('svg, .hidden, noscript, [disabled]')) continue;
    const style = getComputedStyle(element);
    const [one, other] = [luminance(parse(style.color)), luminance(ground(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if (ratio < (isLarge ? 3 : 4.5)) bad.push(`${node.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)} ${style.color} on ${ground(element)}`);
  }
  for (const text of document.querySelectorAll('svg.road text')) {
    const box = text.parentElement.querySelector('rect');
    const below = box ? parse(getComputedStyle(box).fill) : ground(text.closest('svg'));
    const [one, other] = [luminance(parse(getComputedStyle(text).fill)), luminance(below)].sort((a, b) => b - a);
    seen += 1;
    if ((one + 0.05) / (other + 0.05) < 4.5) bad.push(`picture: ${text.textContent}`);
  }
  return bad.length === 0 && seen > 30 ? true : `${seen} texts, of which: ${[...new Set(bad)].slice(0, 10).join('; ')}`;
})()
"""

# What does not fit on the screen sideways.
fits = """(() => {
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= width) return true;
  return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > width + 1 && one.checkVisibility())
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 120)).join(' | ');
})()"""

structure = """(() => {
  const bad = [];
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  if (new Set(ids).size !== ids.length) bad.push('an id twice');
  for (const name of ['aria-labelledby', 'aria-describedby']) {
    for (const one of document.querySelectorAll(`[${name}]`)) {
      if (!document.getElementById(one.getAttribute(name))) bad.push(`${name}=${one.getAttribute(name)}`);
    }
  }
  for (const one of document.querySelectorAll('input')) if (one.labels.length === 0) bad.push(`no label: ${one.outerHTML}`);
  for (const one of document.querySelectorAll('img')) if (!one.hasAttribute('alt')) bad.push('an image without alt');
  for (const one of document.querySelectorAll('thead th')) if (one.scope !== 'col') bad.push('a header without scope');
  for (const one of document.querySelectorAll('[tabindex]')) if (one.tabIndex > 0) bad.push('a tabindex of its own order');
  const levels = [...document.querySelectorAll('h1,h2,h3,h4')].filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]));
  if (levels[0] !== 1 || levels.some((level, index) => index > 0 && level > levels[index - 1] + 1)) bad.push(`headings ${levels}`);
  if (!document.documentElement.lang) bad.push('no language');
  if (document.querySelectorAll('main, [role=main]').length !== 1) bad.push('not one main');
  return bad.length === 0 ? true : bad.join('; ');
})()"""


def names_of_controls(browser):
    nameless = []
    for node in browser.send("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if not node.get("ignored") and role in ("button", "link", "textbox", "searchbox", "radio", "meter", "table", "img", "dialog"):
            if not node.get("name", {}).get("value", "").strip():
                nameless.append(f"{role} {node.get('nodeId')}")
    if nameless:
        raise Failure(f"controls without a name: {nameless}")
    print("ok every control and table has a name for a screen reader", flush=True)


def story(browser):
    browser.size(1440, 1000)
    browser.media()
    browser.send("Page.navigate", url=options.url)
    browser.until("the page is live", f"{state} === 'live'")
    browser.holds("the token is not in the address any more", "!location.href.includes('token')")
    browser.until("the Service and its announcer are there", row.format("web") + "?.innerText.includes('layer 2')")
    browser.run("window.marker = 1")
    service("late")
    browser.until("a new Service appears, announced, without reloading", row.format("late") + "?.innerText.includes('announced') && window.marker === 1")
    browser.until("all is well again", "document.getElementById('verdict').dataset.state === 'good'")
    pool("idle")
    browser.until("what metallb check warns of is there, with what to do",
                  "document.getElementById('warnings').checkVisibility() && " + warnings + ".includes('IPAddressPool metallb-system/idle')"
                  " && " + warnings + ".includes('Advertisement')")
    browser.holds("and is no problem", "document.getElementById('verdict').dataset.state === 'good' && !document.getElementById('problems').checkVisibility()",
                  within=10)
    browser.shoot("light")

    # With the keyboard alone.
    browser.run("document.body.focus()")
    browser.press("Tab")
    browser.holds("Tab comes to the skip link first, which shows", "document.activeElement.classList.contains('skip') && document.activeElement.getBoundingClientRect().top >= 0")
    browser.press("/")
    browser.holds("slash goes to the search, and its focus shows",
                  "document.activeElement.id === 'search' && getComputedStyle(document.activeElement).outlineStyle === 'solid'")
    for letter in "late":
        browser.press(letter)
    browser.until("the search leaves one Service", "document.querySelectorAll('#services [data-list] tr').length === 1 && !!" + row.format("late"))
    browser.press("ArrowDown")
    browser.holds("an arrow leads to the first row", "document.activeElement.dataset.service === 'default/late'")
    browser.press("Enter")
    browser.until("Enter shows its road", "document.getElementById('road-title').textContent === 'default/late' && !!document.querySelector('svg.road')"
                  " && document.getElementById('road').contains(document.activeElement)")
    browser.until("the road ends at the endpoints", "document.querySelector('.words').textContent.includes('ready')")
    browser.until("and says why", "document.getElementById('road').innerText.includes('L2Advertisement')")
    browser.shoot("road")
    browser.press("Escape")
    browser.until("Escape leads back to the row", "document.activeElement.dataset.service === 'default/late' && !document.querySelector('svg.road')")
    browser.press("Escape")
    browser.until("Escape empties the search", "document.querySelectorAll('#services [data-list] tr').length === 2")
    browser.run("document.querySelector('#services [data-list] a').focus()")
    browser.press("End")
    browser.holds("End and arrows lead along the rows", "document.activeElement.dataset.service === 'default/web'")
    browser.press("ArrowUp")
    browser.holds("one link of the list takes part in Tab", "document.activeElement.dataset.service === 'default/late'"
                  " && document.querySelectorAll('#services [data-list] a[tabindex=\"0\"]').length === 1")
    browser.press("p")
    browser.until("p shows those with problems alone", "document.querySelector('#services .empty').textContent.includes('matches')")
    browser.press("p")
    browser.press("?")
    browser.holds("a question mark shows the keys", "document.getElementById('help').open")
    browser.press("Escape")
    browser.holds("Escape closes them", "!document.getElementById('help').open")

    # For every reader, on every screen.
    browser.run("document.querySelector('#services [data-list] a').click()")
    browser.until("a click shows the road", "!!document.querySelector('svg.road')")
    browser.until("with its endpoints", "document.querySelector('.words')?.textContent.includes('ready')")
    browser.holds("the document is in order", structure)
    names_of_controls(browser)
    browser.run("document.getElementById('theme').click()")
    browser.holds("the switch leads from auto to light", "document.documentElement.dataset.theme === 'light'")
    browser.run("document.getElementById('theme').click()")
    browser.holds("and to dark", "getComputedStyle(document.body).backgroundColor === 'rgb(17, 22, 29)'")
    browser.holds("dark has contrast", contrast)
    browser.shoot("dark")
    browser.run("document.getElementById('theme').click()")
    browser.media(scheme="dark")
    browser.holds("auto follows the system", "getComputedStyle(document.body).backgroundColor === 'rgb(17, 22, 29)'")
    browser.media()
    browser.holds("light has contrast", contrast)
    browser.media(motion="reduce")
    browser.run("document.querySelector('#services tr').classList.add('changed')")
    browser.holds("nothing moves for who wants no motion", "getComputedStyle(document.querySelector('.changed')).animationName === 'none'"
                  " && getComputedStyle(document.documentElement).scrollBehavior === 'auto'")
    browser.media()
    for width, height in [(360, 740), (768, 1024), (1100, 800), (1920, 1080)]:
        browser.size(width, height, mobile=width < 800)
        time.sleep(0.3)
        browser.holds(f"it fits {width} pixels", fits, within=5)
        browser.shoot(f"width-{width}", whole=width == 360)
    browser.size(1000, 1000)
    browser.media(kind="print")
    browser.holds("on paper the search is left out, and the road is not", "!document.getElementById('search').checkVisibility()"
                  " && document.querySelector('svg.road').checkVisibility()")
    browser.shoot("print", whole=True)
    browser.media()
    browser.size(1440, 1000)

    kubectl("delete", "ipaddresspool", "idle", "--namespace", "metallb-system")
    browser.until("a warning goes with its cause", "!" + warnings + ".includes('metallb-system/idle')", within=75)

    # The API server goes, and comes back.
    faults({"path": "", "action": "close"})
    browser.until("the page says that the API server is away", f"{state} === 'lost' && document.getElementById('banner').innerText.includes('API server does not answer')")
    browser.holds("it keeps what it knows", "!!" + row.format("web"))
    browser.shoot("away")
    service("meanwhile")
    kubectl("delete", "service", "late")
    faults()
    browser.until("and is live again as soon as it is back", f"{state} === 'live' && document.getElementById('banner').hidden")
    browser.until("with what came and went in between", "!!" + row.format("meanwhile") + " && !" + row.format("late"))
    browser.holds("without having been reloaded", "window.marker === 1")

    # Nothing but what it should.
    if browser.complaints:
        raise Failure(f"the browser complains: {browser.complaints}")
    elsewhere = [url for url in browser.requests if not url.startswith(origin + "/")]
    if elsewhere or not any(url.startswith(origin + "/stream") for url in browser.requests):
        raise Failure(f"requests leave the page's own server: {elsewhere}")
    if any("token" in url for url in browser.requests):
        raise Failure("the token is in the URL of a request")
    print("ok nothing is asked elsewhere, no URL has the token, and the console is silent", flush=True)

    browser.holds("markup cannot be put in, whatever the page's code does", "(() => { try { document.body.innerHTML = '<p>'; return false } catch { return true } })()")
    os.kill(int(options.pid), signal.SIGTERM)
    browser.until("the page says when metallb dashboard has ended", "document.getElementById('banner').innerText.includes('has it ended?')")


browser = Browser()
try:
    story(browser)
except Failure as failure:
    browser.shoot("failure")
    print("not ok", failure, browser.complaints, file=sys.stderr)
    sys.exit(1)
finally:
    browser.close()
