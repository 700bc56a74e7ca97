//! What takes values apart, and what they are given to.

use oxc_ast::ast::{
    AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty, BindingPattern,
    SimpleAssignmentTarget,
};
use oxc_span::{GetSpan as _, Span};

use super::nodes::{Done, Nodes, Refused};
use super::values::Link;
use super::words::{Field, Kind};

impl Nodes<'_> {
    pub(super) fn binding(&mut self, pattern: &BindingPattern<'_>, field: Field) -> Done {
        match pattern {
            BindingPattern::BindingIdentifier(it) => {
                self.leaf(Kind::Identifier, field, it.span);
                Ok(())
            }
            BindingPattern::AssignmentPattern(it) => {
                self.within(Kind::AssignmentPattern, field, it.span, |nodes| {
                    nodes.binding(&it.left, Field::Left)?;
                    nodes.expr(&it.right, Field::Right)
                })
            }
            BindingPattern::ArrayPattern(it) => self.within(Kind::ArrayPattern, field, it.span, |nodes| {
                it.elements.iter().flatten().try_for_each(|one| nodes.binding(one, Field::None))?;
                let Some(rest) = &it.rest else { return Ok(()) };
                nodes.within(Kind::RestPattern, Field::None, rest.span, |nodes| {
                    nodes.binding(&rest.argument, Field::None)
                })
            }),
            BindingPattern::ObjectPattern(it) => self.within(Kind::ObjectPattern, field, it.span, |nodes| {
                for one in &it.properties {
                    match (&one.value, one.shorthand) {
                        (BindingPattern::AssignmentPattern(value), true) => {
                            nodes.within(Kind::ObjectAssignmentPattern, Field::None, one.span, |nodes| {
                                nodes.leaf(Kind::ShorthandPattern, Field::Left, value.left.span());
                                nodes.expr(&value.right, Field::Right)
                            })?;
                        }
                        (_, true) => nodes.leaf(Kind::ShorthandPattern, Field::None, one.span),
                        (value, false) => {
                            nodes.within(Kind::PairPattern, Field::None, one.span, |nodes| {
                                nodes.key(&one.key, one.computed, one.span, Field::Key)?;
                                nodes.binding(value, Field::Value)
                            })?;
                        }
                    }
                }
                let Some(rest) = &it.rest else { return Ok(()) };
                nodes.within(Kind::RestPattern, Field::None, rest.span, |nodes| {
                    nodes.binding(&rest.argument, Field::None)
                })
            }),
        }
    }

    pub(super) fn target(&mut self, target: &AssignmentTarget<'_>, field: Field) -> Done {
        match target {
            AssignmentTarget::ArrayAssignmentTarget(it) => {
                self.within(Kind::ArrayPattern, field, it.span, |nodes| {
                    it.elements.iter().flatten().try_for_each(|one| nodes.maybe(one, Field::None))?;
                    let Some(rest) = &it.rest else { return Ok(()) };
                    nodes.within(Kind::RestPattern, Field::None, rest.span, |nodes| {
                        nodes.target(&rest.target, Field::None)
                    })
                })
            }
            AssignmentTarget::ObjectAssignmentTarget(it) => {
                self.within(Kind::ObjectPattern, field, it.span, |nodes| {
                    it.properties.iter().try_for_each(|one| nodes.target_property(one))?;
                    let Some(rest) = &it.rest else { return Ok(()) };
                    nodes.within(Kind::RestPattern, Field::None, rest.span, |nodes| {
                        nodes.target(&rest.target, Field::None)
                    })
                })
            }
            other => self.simple_target(other.as_simple_assignment_target().ok_or(Refused)?, field),
        }
    }

    pub(super) fn target_property(&mut self, one: &AssignmentTargetProperty<'_>) -> Done {
        match one {
            AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(it) => match &it.init {
                Some(value) => self.within(Kind::ObjectAssignmentPattern, Field::None, it.span, |nodes| {
                    nodes.leaf(Kind::ShorthandPattern, Field::Left, it.binding.span);
                    nodes.expr(value, Field::Right)
                }),
                None => {
                    self.leaf(Kind::ShorthandPattern, Field::None, it.span);
                    Ok(())
                }
            },
            AssignmentTargetProperty::AssignmentTargetPropertyProperty(it) => {
                self.within(Kind::PairPattern, Field::None, it.span, |nodes| {
                    nodes.key(&it.name, it.computed, it.span, Field::Key)?;
                    nodes.maybe(&it.binding, Field::Value)
                })
            }
        }
    }

    pub(super) fn maybe(&mut self, one: &AssignmentTargetMaybeDefault<'_>, field: Field) -> Done {
        match one {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(it) => {
                self.within(Kind::AssignmentPattern, field, it.span, |nodes| {
                    nodes.target(&it.binding, Field::Left)?;
                    nodes.expr(&it.init, Field::Right)
                })
            }
            other => self.target(other.to_assignment_target(), field),
        }
    }

    pub(super) fn simple_target(&mut self, target: &SimpleAssignmentTarget<'_>, field: Field) -> Done {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(it) => {
                self.name(it.name.as_str(), it.span, field);
                Ok(())
            }
            other => {
                let member = other.as_member_expression().ok_or(Refused)?;
                self.spine(Link::of_member(member), field)
            }
        }
    }

    pub(super) fn name(&mut self, name: &str, span: Span, field: Field) {
        let kind = if name == "undefined" { Kind::Undefined } else { Kind::Identifier };
        self.leaf(kind, field, span);
    }
}
