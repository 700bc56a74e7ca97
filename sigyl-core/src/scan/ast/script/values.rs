//! Expressions of a script.

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BinaryExpression, CallExpression, ChainElement,
    ComputedMemberExpression, Expression, LogicalExpression, MemberExpression, ObjectProperty,
    ObjectPropertyKind, PrivateFieldExpression, PropertyKind, StaticMemberExpression,
    TaggedTemplateExpression, TemplateLiteral,
};
use oxc_span::{GetSpan as _, Span};

use super::nodes::{Done, Nodes, Refused};
use super::words::{Field, Kind};

impl Nodes<'_> {
    /// Reads an expression: what leans to the left is read from its end on, so that long ones are not nested.
    pub(super) fn expr(&mut self, expr: &Expression<'_>, field: Field) -> Done {
        match Link::of(expr) {
            Some(link) => self.spine(link, field),
            None => self.plain(expr, field),
        }
    }

    pub(super) fn spine<'x>(&mut self, first: Link<'x, '_>, field: Field) -> Done {
        let mut open: Vec<(usize, Link<'x, '_>)> = Vec::new();
        let (mut link, mut field) = (first, field);
        loop {
            let at = self.open(link.kind(), field, link.span());
            field = link.field();
            let inner = link.inner();
            open.push((at, link));
            match Link::of(inner) {
                Some(next) => link = next,
                None => {
                    self.plain(inner, field)?;
                    break;
                }
            }
        }
        while let Some((at, link)) = open.pop() {
            self.rest(&link)?;
            self.list.close(at);
        }
        Ok(())
    }

    /// What a link holds behind what it leans on.
    pub(super) fn rest(&mut self, link: &Link<'_, '_>) -> Done {
        match link {
            Link::Static(it) => self.leaf(Kind::PropertyIdentifier, Field::Property, it.property.span),
            Link::Private(it) => self.leaf(Kind::PrivateIdentifier, Field::Property, it.field.span),
            Link::Computed(it) => self.expr(&it.expression, Field::Index)?,
            Link::Call(it) => self.arguments(it.span, &it.arguments)?,
            Link::Tagged(it) => self.template(&it.quasi, Field::Arguments)?,
            Link::Binary(it) => {
                self.operator(it.left.span().end, it.operator.as_str());
                self.expr(&it.right, Field::Right)?;
            }
            Link::Logical(it) => {
                self.operator(it.left.span().end, it.operator.as_str());
                self.expr(&it.right, Field::Right)?;
            }
        }
        Ok(())
    }

    pub(super) fn arguments(&mut self, span: Span, all: &[Argument<'_>]) -> Done {
        self.within(Kind::Arguments, Field::Arguments, span, |nodes| {
            all.iter().try_for_each(|one| match one {
                Argument::SpreadElement(it) => {
                    nodes.within(Kind::SpreadElement, Field::None, it.span, |nodes| {
                        nodes.expr(&it.argument, Field::None)
                    })
                }
                other => nodes.expr(other.to_expression(), Field::None),
            })
        })
    }

    pub(super) fn plain(&mut self, expr: &Expression<'_>, field: Field) -> Done {
        let span = expr.span();
        match expr {
            Expression::BooleanLiteral(it) => {
                self.leaf(if it.value { Kind::True } else { Kind::False }, field, span);
            }
            Expression::NullLiteral(_) => self.leaf(Kind::Null, field, span),
            Expression::NumericLiteral(_) | Expression::BigIntLiteral(_) => {
                self.leaf(Kind::Number, field, span)
            }
            Expression::StringLiteral(_) => self.leaf(Kind::Str, field, span),
            Expression::RegExpLiteral(it) => {
                let at = self.open(Kind::Regex, field, span);
                let length = u32::try_from(it.regex.pattern.text.len()).map_err(|_| Refused)?;
                let pattern = Span::new(span.start + 1, span.start + 1 + length);
                self.leaf(Kind::RegexPattern, Field::Pattern, pattern);
                self.list.close(at);
            }
            Expression::TemplateLiteral(it) => self.template(it, field)?,
            Expression::Identifier(it) => self.name(it.name.as_str(), span, field),
            Expression::Super(_) => self.leaf(Kind::Super, field, span),
            Expression::ThisExpression(_) => self.leaf(Kind::This, field, span),
            Expression::ImportMeta(_) | Expression::NewTarget(_) => {
                self.leaf(Kind::MetaProperty, field, span)
            }
            Expression::FunctionExpression(it) => self.function(it, field, false)?,
            Expression::ArrowFunctionExpression(it) => self.arrow(it, field)?,
            Expression::ClassExpression(it) => self.class(it, field, false)?,
            Expression::ObjectExpression(it) => self.within(Kind::Object, field, span, |nodes| {
                it.properties.iter().try_for_each(|one| nodes.property(one))
            })?,
            Expression::ArrayExpression(it) => self.within(Kind::Array, field, span, |nodes| {
                it.elements.iter().try_for_each(|one| match one {
                    ArrayExpressionElement::Elision(_) => Ok(()),
                    ArrayExpressionElement::SpreadElement(it) => {
                        nodes.within(Kind::SpreadElement, Field::None, it.span, |nodes| {
                            nodes.expr(&it.argument, Field::None)
                        })
                    }
                    other => nodes.expr(other.to_expression(), Field::None),
                })
            })?,
            other => self.compound(other, field)?,
        }
        Ok(())
    }

    pub(super) fn compound(&mut self, expr: &Expression<'_>, field: Field) -> Done {
        let span = expr.span();
        match expr {
            Expression::ParenthesizedExpression(it) => {
                self.within(Kind::Parenthesized, field, span, |nodes| nodes.expr(&it.expression, Field::None))
            }
            Expression::AwaitExpression(it) => {
                self.within(Kind::AwaitExpression, field, span, |nodes| nodes.expr(&it.argument, Field::None))
            }
            Expression::YieldExpression(it) => self.within(Kind::YieldExpression, field, span, |nodes| {
                it.argument.iter().try_for_each(|value| nodes.expr(value, Field::None))
            }),
            Expression::SequenceExpression(it) => {
                self.within(Kind::SequenceExpression, field, span, |nodes| {
                    it.expressions.iter().try_for_each(|one| nodes.expr(one, Field::None))
                })
            }
            Expression::UnaryExpression(it) => self.within(Kind::UnaryExpression, field, span, |nodes| {
                nodes.operator(span.start, it.operator.as_str());
                nodes.expr(&it.argument, Field::Argument)
            }),
            Expression::UpdateExpression(it) => self.within(Kind::UpdateExpression, field, span, |nodes| {
                nodes.simple_target(&it.argument, Field::Argument)
            }),
            Expression::ConditionalExpression(it) => {
                self.within(Kind::TernaryExpression, field, span, |nodes| {
                    nodes.expr(&it.test, Field::Condition)?;
                    nodes.expr(&it.consequent, Field::Consequence)?;
                    nodes.expr(&it.alternate, Field::Alternative)
                })
            }
            Expression::AssignmentExpression(it) => {
                let plain = it.operator.as_str() == "=";
                let kind = if plain { Kind::AssignmentExpression } else { Kind::AugmentedAssignment };
                self.within(kind, field, span, |nodes| {
                    nodes.target(&it.left, Field::Left)?;
                    if !plain {
                        nodes.operator(it.left.span().end, it.operator.as_str());
                    }
                    nodes.expr(&it.right, Field::Right)
                })
            }
            Expression::PrivateInExpression(it) => {
                self.within(Kind::BinaryExpression, field, span, |nodes| {
                    nodes.leaf(Kind::PrivateIdentifier, Field::Left, it.left.span);
                    nodes.operator(it.left.span.end, "in");
                    nodes.expr(&it.right, Field::Right)
                })
            }
            Expression::NewExpression(it) => self.within(Kind::NewExpression, field, span, |nodes| {
                nodes.expr(&it.callee, Field::Constructor)?;
                nodes.arguments(it.span, &it.arguments)
            }),
            Expression::ImportExpression(it) if it.phase.is_none() => {
                self.within(Kind::CallExpression, field, span, |nodes| {
                    let word = Span::new(span.start, span.start + 6);
                    nodes.leaf(Kind::Import, Field::Function, word);
                    nodes.within(Kind::Arguments, Field::Arguments, span, |nodes| {
                        nodes.expr(&it.source, Field::None)?;
                        it.options.iter().try_for_each(|one| nodes.expr(one, Field::None))
                    })
                })
            }
            _ => Err(Refused),
        }
    }

    pub(super) fn property(&mut self, one: &ObjectPropertyKind<'_>) -> Done {
        match one {
            ObjectPropertyKind::SpreadProperty(it) => {
                self.within(Kind::SpreadElement, Field::None, it.span, |nodes| {
                    nodes.expr(&it.argument, Field::None)
                })
            }
            ObjectPropertyKind::ObjectProperty(it) if it.shorthand => {
                self.leaf(Kind::Shorthand, Field::None, it.span);
                Ok(())
            }
            ObjectPropertyKind::ObjectProperty(it) if it.method || it.kind != PropertyKind::Init => {
                self.method(it)
            }
            ObjectPropertyKind::ObjectProperty(it) => {
                self.within(Kind::Pair, Field::None, it.span, |nodes| {
                    nodes.key(&it.key, it.computed, it.span, Field::Key)?;
                    nodes.expr(&it.value, Field::Value)
                })
            }
        }
    }

    pub(super) fn method(&mut self, it: &ObjectProperty<'_>) -> Done {
        let Expression::FunctionExpression(function) = &it.value else { return Err(Refused) };
        self.within(Kind::MethodDefinition, Field::None, it.span, |nodes| {
            if it.kind == PropertyKind::Get {
                nodes.sign(Kind::Get, Field::None, it.span);
            }
            nodes.key(&it.key, it.computed, it.span, Field::Name)?;
            nodes.parts(function)
        })
    }

    pub(super) fn template(&mut self, it: &TemplateLiteral<'_>, field: Field) -> Done {
        self.within(Kind::TemplateString, field, it.span, |nodes| {
            let mut inner = it.expressions.iter();
            for (at, part) in it.quasis.iter().enumerate() {
                if !part.span.is_empty() {
                    nodes.leaf(Kind::StringFragment, Field::None, part.span);
                }
                let (Some(next), Some(value)) = (it.quasis.get(at + 1), inner.next()) else { continue };
                let whole = Span::new(part.span.end, next.span.start);
                nodes.within(Kind::TemplateSubstitution, Field::None, whole, |nodes| {
                    nodes.expr(value, Field::None)
                })?;
            }
            Ok(())
        })
    }
}

/// An expression that leans on another to its left.
pub(super) enum Link<'x, 'a> {
    Static(&'x StaticMemberExpression<'a>),
    Private(&'x PrivateFieldExpression<'a>),
    Computed(&'x ComputedMemberExpression<'a>),
    Call(&'x CallExpression<'a>),
    Tagged(&'x TaggedTemplateExpression<'a>),
    Binary(&'x BinaryExpression<'a>),
    Logical(&'x LogicalExpression<'a>),
}

impl<'x, 'a> Link<'x, 'a> {
    fn of(expr: &'x Expression<'a>) -> Option<Self> {
        Some(match expr {
            Expression::StaticMemberExpression(it) => Self::Static(it),
            Expression::PrivateFieldExpression(it) => Self::Private(it),
            Expression::ComputedMemberExpression(it) => Self::Computed(it),
            Expression::CallExpression(it) => Self::Call(it),
            Expression::TaggedTemplateExpression(it) => Self::Tagged(it),
            Expression::BinaryExpression(it) => Self::Binary(it),
            Expression::LogicalExpression(it) => Self::Logical(it),
            // The other tree has no word for a chain.
            Expression::ChainExpression(it) => match &it.expression {
                ChainElement::CallExpression(it) => Self::Call(it),
                ChainElement::TSNonNullExpression(_) => return None,
                other => Self::of_member(other.as_member_expression()?),
            },
            _ => return None,
        })
    }

    pub(super) fn of_member(member: &'x MemberExpression<'a>) -> Self {
        match member {
            MemberExpression::StaticMemberExpression(it) => Self::Static(it),
            MemberExpression::PrivateFieldExpression(it) => Self::Private(it),
            MemberExpression::ComputedMemberExpression(it) => Self::Computed(it),
        }
    }

    fn span(&self) -> Span {
        match self {
            Self::Static(it) => it.span,
            Self::Private(it) => it.span,
            Self::Computed(it) => it.span,
            Self::Call(it) => it.span,
            Self::Tagged(it) => it.span,
            Self::Binary(it) => it.span,
            Self::Logical(it) => it.span,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Static(_) | Self::Private(_) => Kind::MemberExpression,
            Self::Computed(_) => Kind::SubscriptExpression,
            Self::Call(_) | Self::Tagged(_) => Kind::CallExpression,
            Self::Binary(_) | Self::Logical(_) => Kind::BinaryExpression,
        }
    }

    /// The field of what it leans on.
    fn field(&self) -> Field {
        match self {
            Self::Static(_) | Self::Private(_) | Self::Computed(_) => Field::Object,
            Self::Call(_) | Self::Tagged(_) => Field::Function,
            Self::Binary(_) | Self::Logical(_) => Field::Left,
        }
    }

    fn inner(&self) -> &'x Expression<'a> {
        match self {
            Self::Static(it) => &it.object,
            Self::Private(it) => &it.object,
            Self::Computed(it) => &it.object,
            Self::Call(it) => &it.callee,
            Self::Tagged(it) => &it.tag,
            Self::Binary(it) => &it.left,
            Self::Logical(it) => &it.left,
        }
    }
}
