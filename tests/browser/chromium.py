"""A headless Chromium, driven over a pipe with its DevTools protocol. Python's standard library only.

Commands are JSON objects ended by a NUL byte, on descriptor 3 of the browser; answers and events come on 4.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ('chromium', 'chromium-browser', 'google-chrome')
PATIENCE_SECONDS = 60


class Failure(Exception):
    """The browser did not do what it was told."""


def find():
    """The path of a Chromium, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Chromium:
    """A browser with one page."""

    def __init__(self, program, folder):
        commands_read, self.commands = os.pipe()
        self.answers, answers_write = os.pipe()

        def place():
            """The pipes where the browser looks for them; through higher numbers, as 3 and 4 may be in use."""
            high = [os.dup2(descriptor, number, inheritable=True)
                    for descriptor, number in ((commands_read, 100), (answers_write, 101))]
            for descriptor, number in zip(high, (3, 4)):
                os.dup2(descriptor, number, inheritable=True)

        # No sandbox: it needs rights that containers and root do not give, and only our own pages are opened.
        self.log = open(os.path.join(folder, 'chromium.log'), 'w')
        self.process = subprocess.Popen(
            [program, '--headless=new', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--no-first-run',
             '--disable-dev-shm-usage', '--disable-extensions', '--disable-background-networking', '--hide-scrollbars',
             '--window-size=1100,1400', '--user-data-dir=' + os.path.join(folder, 'profile'), 'about:blank'],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        os.close(commands_read)
        os.close(answers_write)
        self.number = 0
        self.pending = b''
        self.events = []
        self.session = None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def call(self, method, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.commands, json.dumps(message).encode() + b'\0')
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._next(deadline)
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise Failure('%s: %s' % (method, answer['error'].get('message')))
                return answer['result']
            if 'method' in answer:
                self.events.append(answer)

    def _next(self, deadline):
        while b'\0' not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise Failure('the browser says nothing for %d s' % PATIENCE_SECONDS)
            piece = os.read(self.answers, 1 << 20)
            if not piece:
                raise Failure('the browser has ended')
            self.pending += piece
        message, self.pending = self.pending.split(b'\0', 1)
        return json.loads(message)

    def open(self, url):
        """Go to a page and wait until it is loaded. What it asks for and complains of is kept from here on."""
        self.events.clear()
        failed = self.call('Page.navigate', url=url).get('errorText')
        if failed:
            raise Failure('%s: %s' % (url, failed))
        self.wait('document.readyState === "complete"')

    def evaluate(self, expression):
        """The value of a JavaScript expression; a promise is waited for."""
        result = self.call('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True)
        if 'exceptionDetails' in result:
            details = result['exceptionDetails']
            raise Failure('%s: %s' % (expression, details.get('exception', {}).get('description') or details.get('text')))
        return result['result'].get('value')

    def wait(self, condition):
        """Wait, in the page, until a JavaScript condition holds."""
        self.evaluate('''new Promise((good, bad) => {
            const until = performance.now() + %d;
            const look = () => (%s) ? good() : performance.now() > until ? bad(new Error("in vain")) : setTimeout(look, 20);
            look();
        })''' % (PATIENCE_SECONDS * 500, condition))

    def requested(self):
        """The URLs that the page asked for."""
        return [event['params']['request']['url'] for event in self.events if event['method'] == 'Network.requestWillBeSent']

    def complaints(self):
        """What the browser's console has as errors."""
        lines = []
        for event in self.events:
            parameters = event['params']
            if event['method'] == 'Log.entryAdded' and parameters['entry']['level'] == 'error':
                lines.append('%s %s' % (parameters['entry']['text'], parameters['entry'].get('url', '')))
            elif event['method'] == 'Runtime.exceptionThrown':
                lines.append(parameters['exceptionDetails'].get('text', 'an exception'))
        return lines

    def screenshot(self, path, dark=False):
        scheme = [{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}]
        self.call('Emulation.setEmulatedMedia', features=scheme)
        data = self.call('Page.captureScreenshot', format='png')['data']
        with open(path, 'wb') as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.session = None
        try:
            self.call('Browser.close')
            self.process.wait(PATIENCE_SECONDS)
        except (Failure, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.log.close()
