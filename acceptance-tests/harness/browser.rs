//! A headless Chromium, driven through its DevTools protocol over two pipes: no port, no other program.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest time for any answer of the browser. Generous, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// File of the profile that receives everything that the browser prints.
const LOG: &str = "printed";

/// A browser with one page. It ends when it is dropped.
pub struct Browser {
    process: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    /// Events that the browser has sent and no test has read yet.
    events: VecDeque<Value>,
    session: String,
    calls: u64,
    profile: TempDir,
}

impl Browser {
    /// Starts the browser with an empty page.
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a scratch directory");
        // Chromium reads descriptor 3 and writes descriptor 4; a shell connects the pipes to them. As root it has no
        // sandbox.
        let mut process = Command::new("sh")
            .args(["-c", "log=$1; shift; exec \"$@\" 3<&0 4>&1 </dev/null >\"$log\" 2>&1", "sh"])
            .arg(profile.path().join(LOG))
            .arg(test_servers::chromium())
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--hide-scrollbars"])
            .args(["--disable-dev-shm-usage", "--force-device-scale-factor=1"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let to = process.stdin.take().expect("it is piped");
        let out = process.stdout.take().expect("it is piped");
        let (sender, from) = mpsc::channel();
        thread::spawn(move || {
            for message in BufReader::new(out).split(0) {
                let Ok(message) = message else { return };
                let value = serde_json::from_slice(&message).expect("the browser speaks JSON");
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let session = String::new();
        let mut browser = Self { process, to, from, events: VecDeque::new(), session, calls: 0, profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", attach)["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method of the protocol.
    #[track_caller]
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let written = self.to.write_all(message.to_string().as_bytes()).and_then(|()| self.to.write_all(&[0]));
        if let Err(error) = written.and_then(|()| self.to.flush()) {
            panic!("the browser does not listen: {error}\n{}", self.printed());
        }
        loop {
            let answer = self.next();
            if answer["id"] == self.calls {
                return if answer["error"].is_null() {
                    Ok(answer["result"].clone())
                } else {
                    Err(answer["error"].clone())
                };
            }
            self.events.push_back(answer);
        }
    }

    fn next(&self) -> Value {
        let answer = self.from.recv_timeout(PATIENCE);
        answer.unwrap_or_else(|error| panic!("the browser does not answer: {error}\n{}", self.printed()))
    }

    /// Everything that the browser has printed, mainly to show why it does not start.
    fn printed(&self) -> String {
        let log = self.profile.path().join(LOG);
        let text =
            fs::read(&log).map_or_else(|error| error.to_string(), |text| String::from_utf8_lossy(&text).into_owned());
        format!("It has printed:\n{text}")
    }

    /// Opens a file and waits until `isReady` (JavaScript) is true. Returns the time that this took.
    pub fn open(&mut self, file: &Path, fragment: &str, is_ready: &str) -> Duration {
        let start = Instant::now();
        // The browser would not load the same file again for another fragment.
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        self.call("Page.navigate", json!({ "url": format!("file://{}{fragment}", file.display()) }));
        self.wait_until(is_ready);
        start.elapsed()
    }

    /// Waits until an expression is true. The expression may fail while the page changes.
    #[track_caller]
    pub fn wait_until(&mut self, expression: &str) {
        let start = Instant::now();
        let condition = format!("Boolean({expression})");
        while self.evaluate(&condition) != Ok(json!(true)) {
            assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {expression}: {:?}", self.complaints());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn run(&mut self, expression: &str) -> Value {
        self.evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn evaluate(&mut self, expression: &str) -> Result<Value, Value> {
        let ask = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.try_call("Runtime.evaluate", ask)?;
        if answer["exceptionDetails"].is_null() {
            Ok(answer["result"]["value"].clone())
        } else {
            Err(answer["exceptionDetails"].clone())
        }
    }

    /// Presses and releases a key, such as `ArrowDown` or `/`.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "End" => 35,
            "Home" => 36,
            _ => 0,
        };
        let text = match key {
            "Enter" => "\r",
            one if one.chars().count() == 1 => one,
            _ => "",
        };
        let mut down = json!({ "type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            down["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", down);
        self.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }));
    }

    /// Presses and releases the mouse in the middle of the element that a selector finds.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let place = self.run(&format!(
            "(() => {{
              const found = document.querySelector({selector:?});
              found.scrollIntoView({{ block: 'center', behavior: 'instant' }});
              const {{ x, y, width, height }} = found.getBoundingClientRect();
              return [x + width / 2, y + height / 2];
            }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let at = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", at);
        }
    }

    /// Types into the element that has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Sets the width of the page, its medium (`screen`, `print`), and its color scheme (`light`, `dark`).
    pub fn look(&mut self, width: u32, medium: &str, scheme: &str) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features }));
    }

    /// Saves a picture of the whole page, for a person to look at, in the directory `IPAM_TEST_PICTURES` if that is
    /// set.
    pub fn keep_picture(&mut self, name: &str) {
        let Some(directory) = std::env::var_os("IPAM_TEST_PICTURES") else { return };
        let shot = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let ask = format!("Uint8Array.fromBase64({}).toHex()", shot["data"]);
        let hex = self.run(&ask).as_str().unwrap().to_owned();
        let bytes: Vec<u8> = hex.as_bytes().chunks(2).map(hex_byte).collect();
        fs::write(Path::new(&directory).join(format!("{name}.png")), bytes).unwrap();
    }

    fn drain(&mut self) -> impl Iterator<Item = &Value> {
        while let Ok(event) = self.from.try_recv() {
            self.events.push_back(event);
        }
        self.events.iter()
    }

    /// Errors and warnings that the page caused: exceptions, the console, the log (refused by policy, not found, ...).
    pub fn complaints(&mut self) -> Vec<Value> {
        let is_bad = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => {
                ["error", "warning", "assert"].iter().any(|bad| event["params"]["type"] == *bad)
            }
            Some("Log.entryAdded") => ["error", "warning"].iter().any(|bad| event["params"]["entry"]["level"] == *bad),
            _ => false,
        };
        self.drain().filter(is_bad).cloned().collect()
    }

    /// Addresses of everything that the page requested.
    pub fn requests(&mut self) -> Vec<String> {
        let url = |event: &Value| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned();
        self.drain().filter(|event| event["method"] == "Network.requestWillBeSent").map(url).collect()
    }
}

fn hex_byte(pair: &[u8]) -> u8 {
    u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closing the pipe would also end the browser, but only after its scratch directory is removed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
