//! Statements of a script.

use oxc_ast::ast::{
    Directive, Expression, ForStatementInit, ForStatementLeft, Statement, SwitchCase, TryStatement,
    VariableDeclaration, VariableDeclarationKind,
};
use oxc_span::{GetSpan as _, Span};

use super::nodes::{Done, Nodes, Refused};
use super::words::{Field, Kind};

impl Nodes<'_> {
    pub(super) fn directives(&mut self, all: &[Directive<'_>]) {
        for one in all {
            let at = self.open(Kind::ExpressionStatement, Field::None, one.span);
            self.leaf(Kind::Str, Field::None, one.expression.span);
            self.list.close(at);
        }
    }

    pub(super) fn statements(&mut self, all: &[Statement<'_>]) -> Done {
        all.iter().try_for_each(|one| self.statement(one, Field::None))
    }

    pub(super) fn block(&mut self, field: Field, span: Span, all: &[Statement<'_>]) -> Done {
        self.within(Kind::StatementBlock, field, span, |nodes| nodes.statements(all))
    }

    pub(super) fn statement(&mut self, one: &Statement<'_>, field: Field) -> Done {
        match one {
            Statement::BlockStatement(it) => self.block(field, it.span, &it.body),
            Statement::BreakStatement(it) => self.within(Kind::BreakStatement, field, it.span, |nodes| {
                nodes.label(it.label.as_ref().map(|label| label.span))
            }),
            Statement::ContinueStatement(it) => {
                self.within(Kind::ContinueStatement, field, it.span, |nodes| {
                    nodes.label(it.label.as_ref().map(|label| label.span))
                })
            }
            Statement::DebuggerStatement(it) => {
                self.leaf(Kind::DebuggerStatement, field, it.span);
                Ok(())
            }
            Statement::EmptyStatement(it) => {
                self.leaf(Kind::EmptyStatement, field, it.span);
                Ok(())
            }
            Statement::ExpressionStatement(it) => {
                self.within(Kind::ExpressionStatement, field, it.span, |nodes| {
                    nodes.expr(&it.expression, Field::None)
                })
            }
            Statement::IfStatement(it) => self.within(Kind::IfStatement, field, it.span, |nodes| {
                nodes.condition(&it.test)?;
                nodes.statement(&it.consequent, Field::Consequence)?;
                let Some(other) = &it.alternate else { return Ok(()) };
                nodes.within(Kind::ElseClause, Field::Alternative, other.span(), |nodes| {
                    nodes.statement(other, Field::None)
                })
            }),
            Statement::LabeledStatement(it) => self.within(Kind::LabeledStatement, field, it.span, |nodes| {
                nodes.leaf(Kind::StatementIdentifier, Field::Label, it.label.span);
                nodes.statement(&it.body, Field::Body)
            }),
            Statement::ReturnStatement(it) => self.within(Kind::ReturnStatement, field, it.span, |nodes| {
                it.argument.iter().try_for_each(|value| nodes.expr(value, Field::None))
            }),
            Statement::SwitchStatement(it) => self.within(Kind::SwitchStatement, field, it.span, |nodes| {
                let value = it.discriminant.span();
                nodes.within(Kind::Parenthesized, Field::Value, value, |nodes| {
                    nodes.expr(&it.discriminant, Field::None)
                })?;
                nodes.within(Kind::SwitchBody, Field::Body, it.span, |nodes| {
                    it.cases.iter().try_for_each(|case| nodes.case(case))
                })
            }),
            Statement::ThrowStatement(it) => self
                .within(Kind::ThrowStatement, field, it.span, |nodes| nodes.expr(&it.argument, Field::None)),
            Statement::TryStatement(it) => self.attempt(it, field),
            Statement::WithStatement(it) => self.within(Kind::WithStatement, field, it.span, |nodes| {
                let value = it.object.span();
                nodes.within(Kind::Parenthesized, Field::Object, value, |nodes| {
                    nodes.expr(&it.object, Field::None)
                })?;
                nodes.statement(&it.body, Field::Body)
            }),
            Statement::VariableDeclaration(it) => self.variables(it, field),
            Statement::FunctionDeclaration(it) => self.function(it, field, true),
            Statement::ClassDeclaration(it) => self.class(it, field, true),
            Statement::ImportDeclaration(it) => self.import(it),
            other => self.repeated(other, field),
        }
    }

    pub(super) fn label(&mut self, label: Option<Span>) -> Done {
        if let Some(label) = label {
            self.leaf(Kind::StatementIdentifier, Field::Label, label);
        }
        Ok(())
    }

    /// What is asked: the brackets around it belong to the statement.
    pub(super) fn condition(&mut self, test: &Expression<'_>) -> Done {
        self.within(Kind::Parenthesized, Field::Condition, test.span(), |nodes| nodes.expr(test, Field::None))
    }

    pub(super) fn each(&mut self, left: &ForStatementLeft<'_>) -> Done {
        match left {
            ForStatementLeft::VariableDeclaration(it) => match (it.kind, it.declarations.first()) {
                (VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing, _) | (_, None) => {
                    Err(Refused)
                }
                (_, Some(one)) => self.binding(&one.id, Field::Left),
            },
            other => self.target(other.to_assignment_target(), Field::Left),
        }
    }

    pub(super) fn case(&mut self, case: &SwitchCase<'_>) -> Done {
        let kind = if case.test.is_some() { Kind::SwitchCase } else { Kind::SwitchDefault };
        self.within(kind, Field::None, case.span, |nodes| {
            if let Some(test) = &case.test {
                nodes.expr(test, Field::Value)?;
            }
            case.consequent.iter().try_for_each(|one| nodes.statement(one, Field::Body))
        })
    }

    pub(super) fn attempt(&mut self, it: &TryStatement<'_>, field: Field) -> Done {
        self.within(Kind::TryStatement, field, it.span, |nodes| {
            nodes.block(Field::Body, it.block.span, &it.block.body)?;
            if let Some(caught) = &it.handler {
                nodes.within(Kind::CatchClause, Field::Handler, caught.span, |nodes| {
                    if let Some(param) = &caught.param {
                        nodes.binding(&param.pattern, Field::Parameter)?;
                    }
                    nodes.block(Field::Body, caught.body.span, &caught.body.body)
                })?;
            }
            let Some(last) = &it.finalizer else { return Ok(()) };
            nodes.within(Kind::FinallyClause, Field::Finalizer, last.span, |nodes| {
                nodes.block(Field::Body, last.span, &last.body)
            })
        })
    }

    pub(super) fn variables(&mut self, it: &VariableDeclaration<'_>, field: Field) -> Done {
        let kind = match it.kind {
            VariableDeclarationKind::Var => Kind::VariableDeclaration,
            VariableDeclarationKind::Let | VariableDeclarationKind::Const => Kind::LexicalDeclaration,
            VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing => return Err(Refused),
        };
        self.within(kind, field, it.span, |nodes| {
            it.declarations.iter().try_for_each(|one| {
                nodes.within(Kind::VariableDeclarator, Field::None, one.span, |nodes| {
                    nodes.binding(&one.id, Field::Name)?;
                    one.init.iter().try_for_each(|value| nodes.expr(value, Field::Value))
                })
            })
        })
    }

    /// What does something again and again.
    pub(super) fn repeated(&mut self, one: &Statement<'_>, field: Field) -> Done {
        match one {
            Statement::DoWhileStatement(it) => self.within(Kind::DoStatement, field, it.span, |nodes| {
                nodes.statement(&it.body, Field::Body)?;
                nodes.condition(&it.test)
            }),
            Statement::ForInStatement(it) => self.within(Kind::ForInStatement, field, it.span, |nodes| {
                nodes.each(&it.left)?;
                nodes.expr(&it.right, Field::Right)?;
                nodes.statement(&it.body, Field::Body)
            }),
            Statement::ForOfStatement(it) => self.within(Kind::ForInStatement, field, it.span, |nodes| {
                nodes.each(&it.left)?;
                nodes.expr(&it.right, Field::Right)?;
                nodes.statement(&it.body, Field::Body)
            }),
            Statement::ForStatement(it) => self.within(Kind::ForStatement, field, it.span, |nodes| {
                match &it.init {
                    Some(ForStatementInit::VariableDeclaration(it)) => {
                        nodes.variables(it, Field::Initializer)?;
                    }
                    Some(other) => nodes.expr(other.to_expression(), Field::Initializer)?,
                    None => {}
                }
                match &it.test {
                    Some(test) => nodes.expr(test, Field::Condition)?,
                    None => {
                        let first = it.init.as_ref().map_or(it.span.start, |init| init.span().end);
                        let sign = nodes.behind(nodes.behind(first, ';'), ';');
                        nodes.leaf(
                            Kind::EmptyStatement,
                            Field::Condition,
                            Span::new(sign.saturating_sub(1), sign),
                        );
                    }
                }
                if let Some(update) = &it.update {
                    nodes.expr(update, Field::Increment)?;
                }
                nodes.statement(&it.body, Field::Body)
            }),
            Statement::WhileStatement(it) => self.within(Kind::WhileStatement, field, it.span, |nodes| {
                nodes.condition(&it.test)?;
                nodes.statement(&it.body, Field::Body)
            }),
            other => self.export(other, field),
        }
    }
}
