//! Functions and classes of a script.

use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, Class, ClassElement, FormalParameters, Function,
    FunctionBody, MethodDefinitionKind, PropertyDefinition, PropertyKey,
};
use oxc_span::{GetSpan as _, Span};

use super::nodes::{Done, Nodes, Refused};
use super::words::{Field, Kind};

impl Nodes<'_> {
    pub(super) fn function(&mut self, it: &Function<'_>, field: Field, declares: bool) -> Done {
        let kind = match (declares, it.generator) {
            (true, false) => Kind::FunctionDeclaration,
            (true, true) => Kind::GeneratorDeclaration,
            (false, false) => Kind::FunctionExpression,
            (false, true) => Kind::GeneratorFunction,
        };
        self.within(kind, field, it.span, |nodes| {
            if let Some(name) = &it.id {
                nodes.leaf(Kind::Identifier, Field::Name, name.span);
            }
            nodes.parts(it)
        })
    }

    /// The parameters of a function, and its body.
    pub(super) fn parts(&mut self, it: &Function<'_>) -> Done {
        self.params(&it.params)?;
        self.function_body(it.body.as_deref().ok_or(Refused)?)
    }

    pub(super) fn function_body(&mut self, body: &FunctionBody<'_>) -> Done {
        self.within(Kind::StatementBlock, Field::Body, body.span, |nodes| {
            nodes.directives(&body.directives);
            nodes.statements(&body.statements)
        })
    }

    pub(super) fn params(&mut self, all: &FormalParameters<'_>) -> Done {
        self.within(Kind::FormalParameters, Field::Parameters, all.span, |nodes| {
            for one in &all.items {
                if !one.decorators.is_empty() {
                    return Err(Refused);
                }
                match &one.initializer {
                    Some(value) => nodes.within(Kind::AssignmentPattern, Field::None, one.span, |nodes| {
                        nodes.binding(&one.pattern, Field::Left)?;
                        nodes.expr(value, Field::Right)
                    })?,
                    None => nodes.binding(&one.pattern, Field::None)?,
                }
            }
            let Some(rest) = &all.rest else { return Ok(()) };
            nodes.within(Kind::RestPattern, Field::None, rest.rest.span, |nodes| {
                nodes.binding(&rest.rest.argument, Field::None)
            })
        })
    }

    pub(super) fn arrow(&mut self, it: &ArrowFunctionExpression<'_>, field: Field) -> Done {
        self.within(Kind::ArrowFunction, field, it.span, |nodes| {
            nodes.params(&it.params)?;
            match &it.body {
                ArrowFunctionBody::FunctionBody(body) => nodes.function_body(body),
                other => nodes.expr(other.to_expression(), Field::Body),
            }
        })
    }

    pub(super) fn class(&mut self, it: &Class<'_>, field: Field, declares: bool) -> Done {
        if !it.decorators.is_empty() || !it.implements.is_empty() {
            return Err(Refused);
        }
        let kind = if declares { Kind::ClassDeclaration } else { Kind::Class };
        self.within(kind, field, it.span, |nodes| {
            if let Some(name) = &it.id {
                nodes.leaf(Kind::Identifier, Field::Name, name.span);
            }
            if let Some(base) = &it.heritage {
                let base = &base.expression;
                nodes.within(Kind::ClassHeritage, Field::None, base.span(), |nodes| {
                    nodes.expr(base, Field::None)
                })?;
            }
            nodes.within(Kind::ClassBody, Field::Body, it.body.span, |nodes| {
                it.body.body.iter().try_for_each(|member| nodes.member(member))
            })
        })
    }

    pub(super) fn member(&mut self, member: &ClassElement<'_>) -> Done {
        match member {
            // What it does is not read by anybody yet.
            ClassElement::StaticBlock(_) => Ok(()),
            ClassElement::MethodDefinition(it) if it.decorators.is_empty() => {
                self.within(Kind::MethodDefinition, Field::None, it.span, |nodes| {
                    if it.r#static {
                        nodes.sign(Kind::Static, Field::None, it.span);
                    }
                    if it.kind == MethodDefinitionKind::Get {
                        nodes.sign(Kind::Get, Field::None, it.span);
                    }
                    nodes.key(&it.key, it.computed, it.span, Field::Name)?;
                    nodes.parts(&it.value)
                })
            }
            ClassElement::PropertyDefinition(it) if it.decorators.is_empty() => {
                self.within(Kind::FieldDefinition, Field::None, field_span(it), |nodes| {
                    nodes.key(&it.key, it.computed, it.span, Field::Property)?;
                    it.value.iter().try_for_each(|value| nodes.expr(value, Field::Value))
                })
            }
            _ => Err(Refused),
        }
    }

    /// What names a part of something that stands there.
    pub(super) fn key(&mut self, key: &PropertyKey<'_>, computed: bool, outer: Span, field: Field) -> Done {
        let span = key.span();
        if computed {
            let text = self.text;
            let around = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or_default();
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let start =
                around(outer.start, span.start).rfind('[').map_or(span.start, |at| outer.start + number(at));
            let end = around(span.end, outer.end).find(']').map_or(span.end, |at| span.end + number(at) + 1);
            return self.within(Kind::ComputedName, field, Span::new(start, end), |nodes| {
                nodes.expr(key.as_expression().ok_or(Refused)?, Field::None)
            });
        }
        let kind = match key {
            PropertyKey::StaticIdentifier(_) => Kind::PropertyIdentifier,
            PropertyKey::PrivateIdentifier(_) => Kind::PrivateIdentifier,
            PropertyKey::StringLiteral(_) => Kind::Str,
            PropertyKey::NumericLiteral(_) | PropertyKey::BigIntLiteral(_) => Kind::Number,
            _ => return Err(Refused),
        };
        self.leaf(kind, field, span);
        Ok(())
    }
}

/// Returns where a field stands, without the sign behind it.
fn field_span(it: &PropertyDefinition<'_>) -> Span {
    let plain = if it.computed { it.span.end } else { it.key.span().end };
    Span::new(it.span.start, it.value.as_ref().map_or(plain, |value| value.span().end))
}
