//! Somebody in front of the browser: what they do, and what every page that they come to is held to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::Locator;
use fantoccini::elements::Element;
use seif::testing::World;
use serde_json::{Value, json};

use super::chromium::{Chromium, Script, Tools, named};
use crate::oidc::Bank;

/// How wide and high a window is, in CSS pixels.
struct Screen {
    name: &'static str,
    width: u32,
    height: u32,
}

const SCREENS: [Screen; 2] =
    [Screen { name: "desk", width: 1280, height: 900 }, Screen { name: "phone", width: 390, height: 844 }];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// What axe calls the rules that a page is held to: WCAG 2.2 A and AA, and what is good beyond it.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// Where no script runs, no timer does either, and axe waits for some: here they run out at once.
const AT_ONCE: &str =
    "window.setTimeout = (run, _, ...rest) => { Promise.resolve().then(() => run(...rest)); return 0; };";

/// Somebody with a browser, and the language that pages should have for them.
pub(super) struct Visitor {
    browser: Chromium,
    axe: String,
    script: Script,
    origin: String,
    journey: &'static str,
    /// What `lang` says on every page from now on.
    pub(super) language: &'static str,
    pages: u32,
    /// What was wrong with the pages so far.
    faults: Vec<String>,
    /// How many requests to the service were seen.
    requests: usize,
    /// Whom the journey leads to besides.
    bank: Option<String>,
}

/// What Chromium says of a device that it has no support for on this machine, where the header is right elsewhere, and of
/// a form that comes back with what is wrong in it, or a page that says why not.
const BESIDE_THE_POINT: [&str; 4] = [
    "Error with Permissions-Policy header: Unrecognized feature: 'bluetooth'.",
    "the server responded with a status of 422 (Unprocessable Entity)",
    "the server responded with a status of 403 (Forbidden)",
    "the server responded with a status of 409 (Conflict)",
];

impl Visitor {
    /// Opens a browser and the service's first page in it.
    pub(super) async fn arrives(
        tools: &Tools,
        world: &World,
        bank: Option<&Bank>,
        journey: &'static str,
        script: Script,
    ) -> Self {
        let others: Vec<PathBuf> = bank.into_iter().map(Bank::certificate).collect();
        let browser = Chromium::start(tools, world, &others, script).await;
        let origin = world.url("");
        let visitor = Self {
            browser,
            axe: tools.axe(),
            script,
            origin,
            journey,
            language: "en",
            pages: 0,
            faults: Vec::new(),
            requests: 0,
            bank: bank.map(|bank| format!("{}/", bank.origin())),
        };
        visitor.goes_to("/").await;
        visitor
    }

    /// Types an address.
    pub(super) async fn goes_to(&self, path: &str) {
        self.browser.client.goto(&format!("{}{path}", self.origin)).await.unwrap();
    }

    /// Presses what `css` names and waits until another page has come.
    pub(super) async fn presses(&self, css: &str) {
        let before = self.finds("html").await;
        self.finds(css).await.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        for _ in 0..1_500 {
            // The old page's element is gone with the page.
            if before.tag_name().await.is_err() {
                self.finds("footer").await;
                return;
            }
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{css} led nowhere");
    }

    /// Waits until the page has gone on by itself to a path that begins so, and holds what `css` names.
    pub(super) async fn waits_for(&self, css: &str, path: &str) {
        for _ in 0..1_500 {
            if self.path().await.starts_with(path) {
                self.finds(css).await;
                return;
            }
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the page did not go on from {}", self.path().await);
    }

    /// Writes into the field of this name, in place of what stood there.
    pub(super) async fn writes(&self, name: &str, text: &str) {
        let field = self.finds(&format!("main [name=\"{name}\"]")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Writes into the one field that `css` names, in place of what stood there.
    pub(super) async fn fills(&self, css: &str, text: &str) {
        let field = self.finds(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// From now on the device keeps passkeys. A browser that fills in names by itself would be answered at once by this
    /// device, which asks nobody: on the pages to come it does so only where a journey lets it.
    pub(super) async fn keeps_passkeys(&self) {
        self.browser.keeps_passkeys().await;
        let never = json!({"source": "window.PublicKeyCredential && (PublicKeyCredential.isConditionalMediationAvailable = undefined);"});
        self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", never).await;
    }

    /// Chooses a file in the field of this name.
    pub(super) async fn chooses(&self, name: &str, file: &Path) {
        self.finds(&format!("main input[name=\"{name}\"]")).await.send_keys(file.to_str().unwrap()).await.unwrap();
    }

    /// Whether what `css` names is seen.
    pub(super) async fn shows(&self, css: &str) -> bool {
        self.finds(css).await.is_displayed().await.unwrap()
    }

    /// Picks an option of the list of this name.
    pub(super) async fn picks(&self, name: &str, value: &str) {
        self.finds(&format!("main select[name=\"{name}\"]")).await.select_by_value(value).await.unwrap();
    }

    /// Clicks on everything that `css` names, without leaving the page.
    pub(super) async fn ticks(&self, css: &str) {
        let all = self.browser.client.find_all(Locator::Css(css)).await.unwrap();
        assert!(!all.is_empty(), "{css}");
        for one in all {
            one.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        }
    }

    /// Where the link that `css` names leads.
    pub(super) async fn leads(&self, css: &str) -> String {
        self.finds(css).await.attr("href").await.unwrap().unwrap()
    }

    /// The text of what `css` names, as it is seen.
    pub(super) async fn reads(&self, css: &str) -> String {
        self.finds(css).await.text().await.unwrap()
    }

    /// What stands in the field of this id.
    pub(super) async fn value(&self, id: &str) -> String {
        self.finds(&format!("#{id}")).await.prop("value").await.unwrap().expect("a value")
    }

    /// How many elements `css` names.
    pub(super) async fn counts(&self, css: &str) -> usize {
        self.browser.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// The path of the page.
    pub(super) async fn path(&self) -> String {
        self.browser.client.current_url().await.unwrap().path().to_owned()
    }

    /// A computed style of what `css` names.
    pub(super) async fn style(&self, css: &str, property: &str) -> String {
        self.finds(css).await.css_value(property).await.unwrap()
    }

    async fn finds(&self, css: &str) -> Element {
        let wait = self.browser.client.wait().at_most(Duration::from_secs(10));
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("{css} on {}: {error}", self.path().await),
        }
    }

    /// Holds the page to what every page is held to: of our origin, in the visitor's language, under one heading, with
    /// nothing on the console, nothing asked of anybody else, and on a phone and a desk, light and dark, without a fault
    /// that axe can find and without scrolling sideways (WCAG 2.2 SC 1.4.10).
    pub(super) async fn looks_around(&mut self, page: &str) {
        self.pages += 1;
        let place = format!("{} {:02} {page}", self.journey, self.pages);
        let url = self.browser.client.current_url().await.unwrap();
        assert_eq!(url.origin().ascii_serialization(), self.origin, "{place}");
        assert_eq!(self.finds("html").await.attr("lang").await.unwrap().as_deref(), Some(self.language), "{place}");
        assert_eq!(self.counts("h1").await, 1, "{place}: one heading");
        assert!(!self.reads("h1").await.trim().is_empty(), "{place}: a heading");
        let mut faults = Vec::new();
        for screen in SCREENS {
            for scheme in SCHEMES {
                self.sits_before(&screen, scheme).await;
                let how = format!("{}-{scheme}", screen.name);
                faults.extend(self.faults().await.into_iter().map(|fault| format!("{how}: {fault}")));
                self.takes_a_picture(&format!("{place} {how}").replace(' ', "-")).await;
            }
        }
        self.sits_before(&SCREENS[0], SCHEMES[0]).await;
        faults.extend(self.said_on_the_console().await);
        faults.extend(self.asked_of_others().await);
        self.faults.extend(faults.into_iter().map(|fault| format!("{place}: {fault}")));
    }

    /// The journey is over: there was no fault on any page, and the pages' requests were seen.
    pub(super) fn is_content(&self) {
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
        assert!(self.requests > self.pages as usize, "the requests were not seen: {}", self.requests);
    }

    /// Takes up a phone, until the next look around.
    pub(super) async fn takes_a_phone(&self) {
        self.sits_before(&SCREENS[1], SCHEMES[0]).await;
    }

    async fn sits_before(&self, screen: &Screen, scheme: &str) {
        let metrics = json!({"width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.name == "phone"});
        self.browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        // Without motion there are no half-way colours.
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.browser.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// What axe finds, and whether the page is wider than the window.
    async fn faults(&self) -> Vec<String> {
        // WebDriver's own script: the page's policy does not bind it, and it runs where pages may run none.
        let loaded = self.browser.client.execute("return typeof axe === 'object'", vec![]).await.unwrap();
        if loaded != json!(true) {
            if self.script == Script::Off {
                self.browser.client.execute(AT_ONCE, vec![]).await.unwrap();
            }
            self.browser.client.execute(&self.axe, vec![]).await.unwrap();
        }
        let run = "const done = arguments[1];
            axe.run(document, {runOnly: arguments[0], resultTypes: ['violations'], preload: false}).then(
              (found) => done({
                passes: found.passes.length,
                violations: found.violations.flatMap((rule) => rule.nodes.map((node) =>
                  `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`)),
                wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
                tables: location.pathname.startsWith('/operator')
                  ? [...document.querySelectorAll('.table-wrap')].map((table) => table.scrollWidth - table.clientWidth) : [],
              }),
              (error) => done({error: String(error)}));";
        let found = self.browser.client.execute_async(run, vec![json!(RULES)]).await.unwrap();
        assert!(found["passes"].as_u64() > Some(5), "axe looked at nothing: {found}");
        let mut faults: Vec<String> =
            found["violations"].as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect();
        if found["wide"] != json!(0) {
            faults.push(format!("the page is {} pixels wider than the window", found["wide"]));
        }
        // What a business keeps may have any number of columns; what the console tells of is known.
        let wide = found["tables"].as_array().unwrap().iter().filter(|over| **over != json!(0));
        faults.extend(wide.map(|over| format!("a table is {over} pixels wider than its place")));
        faults
    }

    async fn said_on_the_console(&self) -> Vec<String> {
        let lines = self.browser.log("browser").await;
        let grave = lines.iter().filter(|line| ["SEVERE", "WARNING"].contains(&line["level"].as_str().unwrap()));
        let aside =
            |line: &&&Value| BESIDE_THE_POINT.iter().any(|known| line["message"].as_str().unwrap().contains(known));
        let grave = grave.filter(|line| !aside(&line));
        grave.map(|line| format!("on the console: {}", line["message"])).collect()
    }

    /// The requests to other origins since the last look.
    async fn asked_of_others(&mut self) -> Vec<String> {
        let events = self.browser.log("performance").await;
        let asked: Vec<String> = events
            .iter()
            .map(|event| serde_json::from_str::<Value>(event["message"].as_str().unwrap()).unwrap()["message"].take())
            .filter(|event| event["method"] == "Network.requestWillBeSent")
            .map(|event| event["params"]["request"]["url"].as_str().unwrap().to_owned())
            .collect();
        let ours = format!("{}/", self.origin);
        self.requests += asked.iter().filter(|url| url.starts_with(&ours)).count();
        // The browser's own first page is made of parts of the browser, and what stands in its address is not asked for.
        let bank = self.bank.as_ref();
        let elsewhere = asked.iter().filter(|url| {
            let expected = [&ours, "chrome://", "data:"].iter().any(|own| url.starts_with(*own));
            !expected && !bank.is_some_and(|bank| url.starts_with(bank))
        });
        elsewhere.map(|url| format!("asked of another: {url}")).collect()
    }

    /// Keeps the page's picture in `target/browser`, when `SEIF_TEST_PICTURES` is set.
    async fn takes_a_picture(&self, name: &str) {
        if named("SEIF_TEST_PICTURES").is_none() {
            return;
        }
        let whole = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.browser.devtools("Page.captureScreenshot", whole).await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser");
        std::fs::create_dir_all(&folder).unwrap();
        let bytes = BASE64_STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Visitor {
    /// A journey that broke off tells what was wrong before.
    fn drop(&mut self) {
        if std::thread::panicking() && !self.faults.is_empty() {
            eprintln!("{}", self.faults.join("\n"));
        }
    }
}
