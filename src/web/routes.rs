//! The list of routes: every address of the service, with the rule of its handler's own signature.
//!
//! A handler's first argument is [`Authorized`]`<P>`; one without does not fit [`get`] and its like, so nothing is open
//! by omission. The access matrix walks this list.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::guard::fn_guard;
use actix_web::http::Method;
use actix_web::web::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, web};

use crate::kernel::access::{Authorized, Permission, Rule};
use crate::web::console::{self, Door};
use crate::web::problem::Problem;
use crate::web::{api, site};

/// One method at one address.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The pattern: `/api/v1/tokens/{id}`.
    pub path: &'static str,
    /// What its handler asks of a caller.
    pub rule: Rule,
    mount: Box<dyn Fn(Method) -> actix_web::Route>,
}

/// A handler whose first argument says who may call it.
pub trait Guarded<Args> {
    /// The rule of its permission.
    const RULE: Rule;

    /// Answers a request. Who may not hears that and nothing else: the other arguments are taken after it.
    fn serve(self, request: HttpRequest, payload: Payload) -> Answering;
}

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, actix_web::Error>>>>;

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<H, P, Out, $($argument),*> Guarded<(Authorized<P>, $($argument,)*)> for H
        where
            H: Fn(Authorized<P>, $($argument),*) -> Out + 'static,
            Out: Future<Output: Responder> + 'static,
            P: Permission,
            $($argument: FromRequest + 'static,)*
        {
            const RULE: Rule = P::RULE;

            #[allow(non_snake_case, reason = "each argument is named as its type")]
            fn serve(self, request: HttpRequest, payload: Payload) -> Answering {
                Box::pin(async move {
                    let mut payload = payload.into_inner();
                    let allowed = Authorized::<P>::from_request(&request, &mut payload).await?;
                    let ($($argument,)*) = <($($argument,)*)>::from_request(&request, &mut payload).await?;
                    let answer = self(allowed, $($argument),*).await;
                    Ok(answer.respond_to(&request).map_into_boxed_body())
                })
            }
        }
    };
}

guarded! {}
guarded! { A }
guarded! { A B }
guarded! { A B C }
guarded! { A B C D }
guarded! { A B C D E }
guarded! { A B C D E F }

fn route<H, Args>(method: Method, path: &'static str, handler: H) -> Route
where
    H: Guarded<Args> + Clone + 'static,
{
    let mount = Box::new(move |method| {
        let handler = handler.clone();
        web::method(method).to(move |request: HttpRequest, payload: Payload| handler.clone().serve(request, payload))
    });
    Route { method, path, rule: H::RULE, mount }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident => $method:ident;)+) => {$(
        $(#[$doc])*
        pub fn $name<H, Args>(path: &'static str, handler: H) -> Route
        where
            H: Guarded<Args> + Clone + 'static,
        {
            route(Method::$method, path, handler)
        }
    )+};
}

verbs! {
    /// `GET path`; `HEAD` is answered with it.
    get => GET;
    /// `POST path`.
    post => POST;
    /// `PUT path`.
    put => PUT;
    /// `PATCH path`.
    patch => PATCH;
    /// `DELETE path`.
    delete => DELETE;
}

/// Every route of the service.
#[must_use]
pub fn all() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(api::routes());
    routes.extend(site::routes());
    routes.extend(console::routes());
    routes
}

/// Mounts every route; another method at a known address is 405 with `Allow`, an unknown address 404. Those of the
/// operators' console are known where `console` says, and to whom.
pub fn mount(config: &mut web::ServiceConfig, console: &web::Data<Door>) {
    let mut by_path: BTreeMap<&'static str, Vec<Route>> = BTreeMap::new();
    for route in all() {
        by_path.entry(route.path).or_default().push(route);
    }
    for (path, routes) in by_path {
        let mut resource =
            match path.strip_prefix(console::PATH).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                Some(rest) => {
                    let door = console.clone();
                    web::resource(format!("{}{rest}", door.path())).guard(fn_guard(move |context| door.opens(context)))
                }
                None => web::resource(path),
            };
        let mut allowed = Vec::new();
        for route in routes {
            if route.method == Method::GET {
                allowed.push(Method::HEAD);
                // HEAD runs the same handler; actix leaves the body out.
                resource = resource.route((route.mount)(Method::HEAD));
            }
            resource = resource.route((route.mount)(route.method.clone()));
            allowed.push(route.method);
        }
        let refuse = move || {
            let allowed = allowed.clone();
            async move { Problem::MethodNotAllowed { allowed } }
        };
        config.service(resource.default_service(web::to(refuse)));
    }
}
