// Package generate writes sections for the roles of a sign-in into ~/.aws/config, for
// programs that know no names but those of profiles.
package generate
